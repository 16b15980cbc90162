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
        "", "http://", "ftp://x", "https://", "unix:///run/etcd", "10.0.0.1:0", "10.0.0.1:65536",
        "http://root:secret@10.0.0.1:2379", "http://10.0.0.1:2379/v3", "10.0.0.256", "fe80::1%eth0",
    ])
    func whatCannotBeAnEndpointIsRefusedWithoutRepeatingIt(text: String) {
        let error = #expect(throws: EtcdError.self) { try EtcdEndpoint(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("secret") == false)
    }
}
