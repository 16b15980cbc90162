import Certificates
import NIOSSL

/// Explains why a server's certificate cannot be verified.
///
/// BoringSSL says only that it cannot. The certificate and the authorities tell why, except for intermediate
/// certificates: those are sent by the server and not available to us.
extension EtcdError {
    /// - Parameter now: In seconds since 1970.
    static func unverified(_ failure: TLSFailure, now: Int) -> String {
        guard let server = failure.server else { return unsigned(nil, failure.authorities) }
        let validity = CertificateValidity(server)
        if validity.ends <= now {
            return "the server's certificate has expired, on "
                + "\(CertificateValidity.date(validity.ends)); renew it"
        }
        if validity.begins > now {
            return "the server's certificate is not valid before "
                + "\(CertificateValidity.date(validity.begins)); is this host's clock right?"
        }
        guard let facts = CertificateFacts(server) else {
            return unsigned(nil, failure.authorities)
        }
        guard facts.isForServers else {
            return "the server's certificate is not for servers: its extendedKeyUsage is without "
                + "serverAuth; give the server one that has it"
        }
        return unverified(facts, by: failure.authorities)
    }

    private static func unverified(
        _ server: CertificateFacts,
        by authorities: TrustedAuthorities?
    ) -> String {
        guard let authorities else { return unsigned(server, nil) }
        func signers(_ all: [TrustedAuthorities.Authority]) -> [TrustedAuthorities.Authority] {
            all.filter { $0.facts?.subject == server.issuer }
        }
        if let signer = signers(authorities.valid).first?.facts {
            return unverified(server, by: signer, of: authorities)
        }
        if let signer = signers(authorities.leftOut).last {
            return
                "the authority that signed the server's certificate, \(authorities.name(of: signer)), "
                + "is \(authorities.why(signer)), and ca_file holds no other of that name; put the "
                + "renewed one there"
        }
        return unsigned(server, authorities)
    }

    /// The signer is known and valid by its dates; so is the certificate.
    private static func unverified(
        _ server: CertificateFacts,
        by signer: CertificateFacts,
        of authorities: TrustedAuthorities
    ) -> String {
        if let limited = limited(server, by: signer) { return limited }
        if signer.hasUnknownKey {
            return
                "the authority \"\(signer.subject)\" signs with \(signer.key.algorithm), which is not "
                + "supported; give the server a certificate of one with a key of \(TLSClientConfiguration.keys)"
        }
        let knowsSigner = authorities.valid.contains { $0.facts?.subject == signer.issuer }
        if signer.issuer != signer.subject, !knowsSigner {
            return
                "ca_file ends at \"\(signer.subject)\", which is not the root: add the certificate of "
                + "\"\(signer.issuer)\", which signed it"
        }
        return
            "the server's certificate says that \"\(signer.subject)\" signed it, and cannot be verified "
            + "with the authority of this name in ca_file: it may be another one, with another key; set "
            + "ca_file to the one that signed (openssl verify -CAfile tells more)"
    }

    /// Explains why the authority's name constraints exclude this server; `nil` if they do not.
    private static func limited(
        _ server: CertificateFacts,
        by authority: CertificateFacts
    ) -> String? {
        guard let constraints = authority.constraints else { return nil }
        let limits = "the name constraints of the authority \"\(authority.subject)\""
        return switch constraints.verdict(on: server.names) {
        case .allowed: nil
        case .forbidden(let name):
            "\(limits) do not allow the server's certificate for \(name): it \(constraints.words); give "
                + "the server a certificate without that name, or of another authority"
        case .unchecked(let name):
            "\(limits) are about IP addresses, which cannot be checked here, so the server's certificate "
                + "for \(name) is refused; give the server one that is for host names only, and use its "
                + "name in the endpoint or as server_name, or one of another authority"
        case .unknown:
            "\(limits) may not allow the server's certificate: it \(constraints.words); give the server a "
                + "certificate of another authority"
        }
    }

    /// No authority of that name is known.
    private static func unsigned(
        _ server: CertificateFacts?,
        _ authorities: TrustedAuthorities?
    ) -> String {
        let place =
            authorities == nil ? "that the system trusts (there is no ca_file)" : "in ca_file"
        var sentence =
            "the server's certificate is not signed by an authority \(place), nor by a valid one that the "
            + "server sends along; set ca_file to the authority that signed it"
        if let server { sentence += ", \"\(server.issuer)\"" }
        if let left = authorities?.leftOutWords {
            sentence += " (not valid now and left out: \(left))"
        }
        guard let server else { return sentence }
        // It may have signed one in between.
        let others = (authorities?.valid ?? []).compactMap(\.facts).compactMap {
            limited(server, by: $0)
        }
        return ([sentence] + others.prefix(1).map { "or, by way of an authority between: \($0)" })
            .joined(separator: "; ")
    }
}
