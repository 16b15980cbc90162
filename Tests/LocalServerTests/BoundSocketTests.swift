import Glibc
import LocalServer
import TestKit
import Testing

@Suite struct BoundSocketTests {
    @Test func `a socket has its mode before anybody can connect`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            let socket = try BoundSocket.bind(to: .unix(path: path), mode: 0o660)
            var status = stat()
            #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
            #expect(socket.group == status.st_gid)
            #expect(throws: DidNotHappen.self) { try RawConnection(path: path) }
            socket.remove()
            #expect(directory.names.isEmpty)
        }
    }

    @Test func `a socket that nobody listens at is replaced`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            let stale = try BoundSocket.bind(to: .unix(path: path))
            let socket = try BoundSocket.bind(to: .unix(path: path))
            // It is another's by now.
            stale.remove()
            #expect(directory.names == ["control.sock"])
            socket.remove()
        }
    }

    @Test func `a file that is no socket is left alone`() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("control.sock", "a file")
            let error = #expect(throws: ListenError.self) {
                try BoundSocket.bind(to: .unix(path: directory.file("control.sock")))
            }
            #expect(error?.code == .notASocket)
            #expect(directory.read("control.sock") == "a file")
        }
    }

    @Test func `a directory that does not exist is named with the remedy`() {
        let error = #expect(throws: ListenError.self) {
            try BoundSocket.bind(to: .unix(path: "/nonexistent/x.sock"))
        }
        #expect(error?.code == .noSuchPlace)
        #expect(error?.message.hasPrefix("cannot listen at unix:/nonexistent/x.sock: ") == true)
    }

    @Test(arguments: ["x", "256.0.0.1", "localhost", ""])
    func `what is no address is said`(host: String) {
        let error = #expect(throws: ListenError.self) {
            try BoundSocket.bind(to: .tcp(host: host, port: 0))
        }
        #expect(error?.code == .noSuchPlace)
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func `the port that the system chose is told`(host: String) throws {
        let socket = try BoundSocket.bind(to: .tcp(host: host, port: 0))
        let port = if case .tcp(_, let port) = socket.address { port } else { 0 }
        #expect(port > 0 && socket.address == .tcp(host: host, port: port))
    }
}
