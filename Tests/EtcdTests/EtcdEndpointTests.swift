import Testing

@testable import Etcd

@Suite struct EtcdEndpointTests {
    @Test(arguments: [
        ("http://10.0.0.1:2379", "http://10.0.0.1:2379"), ("10.0.0.1", "http://10.0.0.1:2379"),
        ("HTTP://etcd.example:4001/", "http://etcd.example:4001"), ("[::1]:99", "http://[::1]:99"),
        ("http://[2001:DB8::0:5]", "http://[2001:db8::5]:2379"),
        ("https://10.0.0.1", "https://10.0.0.1:2379"),
        ("HTTPS://etcd.example:4001/", "https://etcd.example:4001"),
    ])
    func whatEtcdctlTakesIsRead(text: String, read: String) throws {
        #expect(try EtcdEndpoint(text).description == read)
    }

    @Test(arguments: [
        ("http://2001:db8::5:2379", "http://[2001:db8::5]:2379", "http://[2001:db8::5:2379]:2379"),
        ("https://2001:db8::1:80", "https://[2001:db8::1]:80", "https://[2001:db8::1:80]:2379"),
        ("FE80::1:2379/", "http://[fe80::1]:2379", "http://[fe80::1:2379]:2379"),
    ])
    func anIPv6AddressWithAPortAndNoBracketsIsRefusedAndWrittenWithThem(
        text: String,
        meant: String,
        whole: String
    ) {
        let error = #expect(throws: EtcdError.self) { try EtcdEndpoint(text) }
        #expect(
            error?.message
                == "an IPv6 address stands in brackets: \(meant), or \(whole) if all of it is the address"
        )
        #expect(EtcdEndpoint(takenForOneAddress: text)?.description == whole)
    }

    @Test func whatCanBeReadInOneWayOnlyIsReadSo() throws {
        // Nine groups are no address.
        let error = #expect(throws: EtcdError.self) {
            try EtcdEndpoint("http://2001:db8:1:2:3:4:5:6:2379")
        }
        #expect(
            error?.message
                == "an IPv6 address stands in brackets: http://[2001:db8:1:2:3:4:5:6]:2379"
        )
        #expect(EtcdEndpoint(takenForOneAddress: "http://2001:db8:1:2:3:4:5:6:2379") == nil)
        // None of these ends with an address and a port.
        for text in [
            "::1", "2001:db8::5", "1:2:3:4:5:6:7:8", "fe80::a:b", "::ffff:10.0.0.1", "1::",
        ] {
            #expect(try EtcdEndpoint(text).port == 2379)
            #expect(EtcdEndpoint(takenForOneAddress: text) == nil)
        }
        #expect(EtcdEndpoint(takenForOneAddress: "http://10.0.0.1:2379") == nil)
    }

    @Test(arguments: [
        (
            ["10.0.0.1:0", "10.0.0.1:65536", "etcd:", "http://[::1]:x", "etcd:http"],
            "the port of an"
        ),
        (["http://etcd_1:2379", "etcd_1"], "the host in an endpoint has no underscores"),
        (
            ["fe80::1%eth0", "http://[fe80::1%eth0]:2379"],
            "an endpoint cannot have an IPv6 address with a"
        ),
        (
            ["http://10.0.0.1:2379/v3", "etcd?x", "etcd#x"],
            "an endpoint ends with its port, without"
        ),
        (
            ["http://a:2379,http://b:2379", "a:2379, b:2379", "a b"],
            "an endpoint is one address; write"
        ),
        (["[::1", "[10.0.0.1]:80", "http://:::2379", "2001:db8::g"], "an IPv6 address stands in"),
        (["10.0.0.256", "10.0.0:2379", "1.2.3.4.5"], "the host in an endpoint is no IPv4 address"),
        (["", "http://", "a..b", "-a", ":2379"], "an endpoint is https://HOST:PORT or"),
        (["ftp://x", "unix:///run/etcd"], "an endpoint starts with https:// or http://"),
        (["http://root:secret@10.0.0.1"], "an endpoint holds no user name or password"),
    ])
    func eachKindOfMistakeHasASentence(texts: [String], sentence: String) {
        for text in texts {
            let error = #expect(throws: EtcdError.self) { try EtcdEndpoint(text) }
            #expect(error?.message.hasPrefix(sentence) == true, "\(text): \(error?.message ?? "")")
            #expect(EtcdEndpoint(takenForOneAddress: text) == nil)
        }
    }

    @Test(arguments: [
        "", "http://", "ftp://x", "https://", "unix:///run/etcd", "10.0.0.1:0", "10.0.0.1:65536",
        "http://root:secret@10.0.0.1:2379", "http://10.0.0.1:2379/v3", "10.0.0.256", "fe80::1%eth0",
    ])
    func whatCannotBeAnEndpointIsRefusedWithoutRepeatingIt(text: String) {
        let error = #expect(throws: EtcdError.self) { try EtcdEndpoint(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("secret") == false)
    }
}
