import Registry
import TestKit
import Testing
import Texts

@testable import EndpointFiles

@Suite struct HAProxyFileTests {
    @Test func `what the encoder writes is read back as it was meant`() throws {
        let options = try #require(HAProxyServerOptions("check  inter 2s"))
        let resolvers = try #require(HAProxySectionName("dns"))
        let endpoints = [
            try Lists.endpoint("web", "web-1", weight: 50),
            try Lists.endpoint("web", "10.0.0.7:80", address: "2001:db8::7", state: .draining),
            try Lists.endpoint("db", "db-1", address: "db.example.org", port: 5432),
        ]
        let text = Lists.text(
            .haproxy(resolvers: resolvers, options: options),
            endpoints,
            services: try Lists.names("web", "db", "empty"),
            header: true
        ).text
        let file = try #require(HAProxyFile(Array(text.utf8)))
        #expect(file.backends.map(\.name) == ["db", "empty", "web"])
        #expect(file.backend("empty")?.servers == [])
        #expect(
            file.backend("db")?.servers == [
                try server(
                    "db-1 db.example.org:5432 100 resolvers dns init-addr last,none check inter 2s"
                )
            ]
        )
        #expect(
            file.backend("web")?.servers == [
                try server("10.0.0.7:3a80 [2001:db8::7]:8080 0 check inter 2s"),
                try server("web-1 10.0.0.5:8080 50 check inter 2s"),
            ]
        )
    }

    @Test func `names that would end a command are spelled so that they cannot`() throws {
        let ids = HostileEndpoints.names + ["a;b", "a\\;shutdown", "a<<", "\"a'", "a#$(x)"]
        let endpoints = try ids.map { try Lists.endpoint("web", $0) }
        let text = Lists.text(.haproxy(), endpoints, services: try Lists.names("web")).text
        let file = try #require(HAProxyFile(Array(text.utf8)))
        let servers = try #require(file.backend("web")).servers
        #expect(servers.count == ids.count)
        for server in servers {
            let target = RuntimeCommand.Target(backend: "web", server: server.name)
            for command in [
                RuntimeCommand.add(target, server), .weigh(target, 3), .drain(target),
                .delete(target),
            ] {
                #expect(!command.text.utf8.contains { ";\\\n\r<\"'#$".utf8.contains($0) })
                #expect(command.text.split(separator: " ").count { $0.contains("/") } == 1)
            }
        }
        // What no key of etcd can hold.
        for text in ["a b", "a\nquit", "a\r", "\u{0}", "é", "a;b\\", ""] {
            let name = HAProxyName(text).description
            #expect(name.isEmpty || HAProxyName.isSpelled(name))
            #expect(!HAProxyName.isSpelled(text))
        }
    }

    @Test(arguments: [
        "server a 10.0.0.1:80 weight 1\n", "frontend x\n", "backend a b\n", "backend a;b\n",
        "backend web\n    server a;b 10.0.0.1:80 weight 1\n",
        "backend web\n    server a/b 10.0.0.1:80 weight 1\n",
        "backend web\n    server a 10.0.0.1:80 weight 1 check;quit\n",
        "backend web\n    server a 10.0.0.1:80 weight 257\n",
        "backend web\n    server a 10.0.0.1:80 weight x\n",
        "backend web\n    server a 10.0.0.1 weight 1\n", "backend web\n    server a\n",
        "backend web\n    server a 10.0.0.1:80 weight 1\u{7f}\n", "backend \u{e9}\n",
    ])
    func `a file that the encoder did not write is none`(text: String) {
        #expect(HAProxyFile(Array(text.utf8)) == nil)
    }

    @Test func `altered files are read or refused, and what is read holds no command`() {
        let text =
            "# x\nbackend web\n    option allbackups\n    server a-1 10.0.0.1:80 weight 5 check\n"
        let complaint = Fuzzing.complaint(corpus: [text]) { bytes in
            guard let file = HAProxyFile(bytes) else { return .refused }
            for backend in file.backends {
                for server in backend.servers {
                    let target = RuntimeCommand.Target(backend: backend.name, server: server.name)
                    let line = RuntimeCommand.add(target, server).text
                    guard line.utf8.allSatisfy({ (0x20...0x7e).contains($0) && $0 != 0x3b }) else {
                        return .wrong("sends \(line)")
                    }
                }
            }
            return .right
        }
        #expect(complaint == nil)
    }

    @Test func `weights, addresses, new and missing servers take no reload`() throws {
        let old = try file("web", ["a 10.0.0.1:80 5", "b 10.0.0.2:80 5", "c 10.0.0.3:80 5"])
        let new = try file("web", ["a 10.0.0.1:80 0", "b 10.0.0.9:81 5", "d 10.0.0.4:80 5"])
        #expect(HAProxyFile.reloadReason(from: old, to: new) == nil)
        #expect(HAProxyFile.reloadReason(from: old, to: old) == nil)
    }

    @Test func `options, settings, backends and host names take one`() throws {
        let old = try file("web", ["a 10.0.0.1:80 5"])
        for new in [
            try file("web", ["a 10.0.0.1:80 5 check"]), try file("web", ["a 10.0.0.1:80 5 backup"]),
            try file("api", ["a 10.0.0.1:80 5"]), try file("web", ["a example.org:80 5"]),
            try file("web", ["a 10.0.0.1:80 5", "b example.org:80 5"]), HAProxyFile(),
        ] {
            #expect(HAProxyFile.reloadReason(from: old, to: new) != nil)
        }
        var settled = old
        settled.backends[0].settings = ["option allbackups"]
        #expect(HAProxyFile.reloadReason(from: old, to: settled) != nil)
        // One that is there already may be weighed.
        let named = try file("web", ["a example.org:80 5"])
        let weighed = try file("web", ["a example.org:80 7"])
        #expect(HAProxyFile.reloadReason(from: named, to: weighed) == nil)
    }

    @Test(arguments: [
        "", " ", "check;quit", "a#b", "a\\b", "a\"b", "a'b", "a$b", "a\nb", "é", "a<<b",
    ])
    func `options with which a line could be ended, quoted or expanded are refused`(text: String) {
        #expect(HAProxyServerOptions(text) == nil)
    }
}

/// Servers as `NAME ADDRESS:PORT WEIGHT [OPTION...]`.
func server(_ text: String) throws -> HAProxyFile.Server {
    let words = text.split(separator: " ").map(String.init)
    let (address, port) = try #require(HostAddress.split(words[1]))
    return HAProxyFile.Server(
        name: words[0],
        address: address,
        port: port,
        weight: try #require(Int(words[2])),
        options: Array(words[3...])
    )
}

/// A file with one backend.
func file(_ backend: String, _ servers: [String]) throws -> HAProxyFile {
    var file = HAProxyFile()
    file.backends = [.init(name: backend, servers: try servers.map(server))]
    return file
}
