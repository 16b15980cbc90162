import Foundation

/// Certificates that were made once by openssl(1), for ten years; whether they are valid matters to nobody.
enum CertificateSamples {
    /// O = Example, CN = etcd CA, on P-521. Permitted: DNS:example.org and IP:10.0.0.0/255.0.0.0; excluded:
    /// DNS:secret.example.org.
    static let authority = bytes(
        """
        MIICajCCAcugAwIBAgIUIYxVdJoyAytskDwOUoja7eS/JhMwCgYIKoZIzj0EAwIwJDEQMA4GA1UECgwH
        RXhhbXBsZTEQMA4GA1UEAwwHZXRjZCBDQTAeFw0yNjExMjcxNTAxMjVaFw0zNjExMjQxNTAxMjVaMCQx
        EDAOBgNVBAoMB0V4YW1wbGUxEDAOBgNVBAMMB2V0Y2QgQ0EwgZswEAYHKoZIzj0CAQYFK4EEACMDgYYA
        BAC5vrzPKsvhkrrc5zwKaINDdoQWJiV7yqIdhgHZCxTTojVgphbh+I+290dfDQoms9TjrzDnpqB3IZO/
        KrIZpf4yowB3/bE6I/bk+lyr4dObHvZqWa7QnYeORr9CuOc3F8ELgKaq0guzs1+H62XVvjCA3AYTGth5
        WomEQmT1QYwGMfcYMKOBlzCBlDAdBgNVHQ4EFgQUv2rhJxjUifaL1GnbTmLa5ZZ+gW0wHwYDVR0jBBgw
        FoAUv2rhJxjUifaL1GnbTmLa5ZZ+gW0wDwYDVR0TAQH/BAUwAwEB/zBBBgNVHR4BAf8ENzA1oBswDYIL
        ZXhhbXBsZS5vcmcwCocICgAAAP8AAAChFjAUghJzZWNyZXQuZXhhbXBsZS5vcmcwCgYIKoZIzj0EAwID
        gYwAMIGIAkIB7wHOgo5LBbjMTyzRZdno9s/fGtHJ5CkeRqNyeXVH/+HUeMAVFY8wkzhFffGMcIlL1u7d
        72MV94aqZwOxvZdSNeICQgGFVgjk7iFlL26jCZAncTXVk0tIEqyJi8XxbS5LZrtS0ADjB1Qe/m+W/nZJ
        nMSrJFb9FVw1BPY19cazO60HwQFDaA==
        """
    )
    /// CN = etcd-1, on Ed25519, signed by ``authority`` for servers and clients.
    static let server = bytes(
        """
        MIICAzCCAWSgAwIBAgIUPhoERmVwwdw6+Wtbdvz9DqlIULYwCgYIKoZIzj0EAwIwJDEQMA4GA1UECgwH
        RXhhbXBsZTEQMA4GA1UEAwwHZXRjZCBDQTAeFw0yNjExMjcxNTAxMjVaFw0zNjExMjQxNTAxMjVaMBEx
        DzANBgNVBAMMBmV0Y2QtMTAqMAUGAytlcAMhAAx0826crA9hWOeqNvIz7D/MYFdZBZMTn/gXGYMNAtrP
        o4G1MIGyMFEGA1UdEQRKMEiCEGV0Y2QuZXhhbXBsZS5vcmeCDSouZXhhbXBsZS5vcmeHBAoAAAGHECAB
        DbgAAAAAAAAAAAAAAAWBDWFAZXhhbXBsZS5vcmcwHQYDVR0lBBYwFAYIKwYBBQUHAwEGCCsGAQUFBwMC
        MB0GA1UdDgQWBBRV33CPKpjzO2Tdb/0Mz2YER4Ac1TAfBgNVHSMEGDAWgBS/auEnGNSJ9ovUadtOYtrl
        ln6BbTAKBggqhkjOPQQDAgOBjAAwgYgCQgFKzknXoxKk6IZAIv0uhhDiL5GemWaJiELziEoKOuuxik37
        o8WaEUXNz5AN+W/ImjYbo6Xt2gl3XMtHDqHaI2QurAJCAUBzrPmViUaIgSfZR9halsASNSWCyPsQsSZt
        4RBTGnVhtsYWCgPAmRjy6H9aKUxyQh0M5l88lnqxAfSWfAkgfKN0
        """
    )
    /// OU = Röhren, RSA, for clients only.
    static let client = bytes(
        """
        MIIDGjCCAgKgAwIBAgIUR/lgSSvxxFBr+3pFEzQ8Y4jqQvUwDQYJKoZIhvcNAQELBQAwEjEQMA4GA1UE
        CwwHUsO2aHJlbjAeFw0yNjExMjcxNTAxMjVaFw0zNjExMjQxNTAxMjVaMBIxEDAOBgNVBAsMB1LDtmhy
        ZW4wggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDidIkLaH5vFXqohO3xtllyQOb9BdSmUMLy
        a/ak6/Tzc5z9rPvDokM9fNk3woZLaMGGbYyiuoL7CRxj747SrEIgnrTKyfpv2EI8Z4IHqqgrjsSRKINQ
        J6eXMwj7UVGMjv8Beq26GPuKFPAA9RwLuj9OvAxgYWB3YLn2mHiKTY9o+2h/1aiPp2BAIj4lLkZdWPoq
        v3SPWi1a4d+UKWa2TqvBA6eIBaz5+8nO45OKYDfF9EuspSwSBslaE+W0tAdGJOOtaM/Oj3YVnPnXX9mP
        nhCZfvPkevi+6HjyRM6nCiZmPRej9i0dqbueELNdzzJaINaRuSrAduph5T/VhNPvkWptAgMBAAGjaDBm
        MB0GA1UdDgQWBBQI2637JSEBSTtaZ+h/ObgoLepg8TAfBgNVHSMEGDAWgBQI2637JSEBSTtaZ+h/Obgo
        Lepg8TAPBgNVHRMBAf8EBTADAQH/MBMGA1UdJQQMMAoGCCsGAQUFBwMCMA0GCSqGSIb3DQEBCwUAA4IB
        AQDIiTmACxoCeDld6SV3cRGBwd6Gk9/ZTRxvClG8J6Qm286d1bGvCaz7uqQiHzCLRFWS7+x8a5/mZDjS
        L8gKb99DwazdiiIKpuMncuTZwsR4k2/vCkZ3hL3soUyH+3cUpR08SqKAjpQMLfcnDIonpxhi1ElPIZPf
        cx1ROCUYEOj1mfW+zf9fCKmY4QLTa4EY1CQFCpsGJJPV6UzGIbrqCyj38llYOyk5SkNaDw2zdxP4DII3
        MJYcFtb/snsD3RyjuNJYxAvPHRxB+OyOQdbvV6BcNss+oYaLdD8kpT8SOTP5bwRkJeC0BlHKsyarf070
        JNDOXWxbDiUMwS1OrTH+gAfy
        """
    )
    /// C = DE, on Ed448, without a purpose.
    static let foreign = bytes(
        """
        MIIBeTCB+qADAgECAhRJ0z69P9OvFAJIT9LkTY8rqmWGpzAFBgMrZXEwDTELMAkGA1UEBhMCREUwHhcN
        MjYxMTI3MTUwMTI1WhcNMzYxMTI0MTUwMTI1WjANMQswCQYDVQQGEwJERTBDMAUGAytlcQM6AP+SwZ+l
        YxaqNJmHwWqDI47NyBzhoXch/dlffftDbu2Ml9pyY8mb7nkIm3E5vZPJcxKqV4aLwcwsAKNTMFEwHQYD
        VR0OBBYEFAoW2j+zhWS8JQCspgaW605gy4bBMB8GA1UdIwQYMBaAFAoW2j+zhWS8JQCspgaW605gy4bB
        MA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VxA3MAn48zNqmC3UgJY5IOiI80MbScYdktFR39pH/sMgdr17OU
        2u+XYBxBbSy2JA2rtvnL0IToFXZn6EwAEqCy/DiQmctyUfCnonEJtEPeYe3K0E5t5gGKbtTKOv11Hn2A
        5E0GcK68ggahSZN/NQRmvShzBBgA
        """
    )

    static let all = [authority, server, client, foreign]

    private static func bytes(_ text: String) -> [UInt8] {
        Array(Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data())
    }
}
