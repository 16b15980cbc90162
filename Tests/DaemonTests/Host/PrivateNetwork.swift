import Glibc
import Testing

/// A network that only the calling thread of an exit test's child sees, gone with the child. Needs root.
///
/// See network_namespaces(7) and ip-netns(8).
enum PrivateNetwork {
    /// Parts this thread from the network of everybody else and sets up another by ip(8). All else in the same
    /// thread: without `await` in between.
    ///
    /// - Parameters:
    ///   - interfaces: Ethernet interfaces that are up, each with its other end.
    ///   - commands: The rest, as `ip -batch` reads it.
    static func enter(interfaces: [String] = [], _ commands: String) throws {
        let links = interfaces.map {
            "link add \($0) type veth peer name far-\($0)\nlink set \($0) up\nlink set far-\($0) up\n"
        }
        let commands = links.joined() + commands + "\n"
        // Glibc's module leaves unshare(2) out: it is declared for _GNU_SOURCE only.
        typealias Unshare = @convention(c) (Int32) -> Int32
        let symbol = try #require(dlsym(nil, "unshare"))
        let unshare = unsafeBitCast(symbol, to: Unshare.self)
        let newNetwork: Int32 = 0x4000_0000
        let reason: Comment = "unshare(2) failed: this test needs root, or CAP_SYS_ADMIN"
        try #require(unshare(newNetwork) == 0, reason)
        var template = Array("/tmp/discoveryd-test-ip.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0, "mkstemp(3)")
        defer {
            close(descriptor)
            unlink(template)
        }
        try #require(write(descriptor, commands, commands.utf8.count) == commands.utf8.count)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        try run("/usr/sbin/ip", "-batch", path)
    }

    /// A child has the network of the thread that starts it.
    private static func run(_ program: String, _ arguments: String...) throws {
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var id: pid_t = 0
        var status: Int32 = 0
        let error = posix_spawn(&id, program, nil, nil, words, environ)
        try #require(
            error == 0,
            "\(program): \(String(cString: strerror(error))); apt install iproute2"
        )
        try #require(waitpid(id, &status, 0) == id && status == 0, "\(program) \(arguments)")
    }
}
