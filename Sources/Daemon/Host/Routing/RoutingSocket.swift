import Glibc

/// Asks the kernel for routes and addresses; see rtnetlink(7).
///
/// The kernel answers out of its memory, while we ask: nothing is sent to anybody and nobody is waited for.
/// Each question has a socket of its own, as one list at a time is told on a socket.
struct RoutingSocket: ~Copyable {
    /// The entries of a list, as far as `read` knows them; `nil` when there is no answer.
    static func list<Entry>(
        _ kind: UInt16,
        _ question: [UInt8],
        _ read: (NetlinkMessage) -> Entry?
    ) -> [Entry]? {
        guard var socket = RoutingSocket() else { return nil }
        return socket.list(kind, question, read)
    }

    /// The one message that answers a question; `nil` when there is none.
    static func answer(_ kind: UInt16, _ question: [UInt8]) -> NetlinkMessage? {
        guard var socket = RoutingSocket() else { return nil }
        return socket.answer(kind, question)
    }

    /// The kernel writes no longer datagrams.
    private static let datagramBytes = 64 * 1024
    /// Routes come in the order of their destinations, the default ones first; what comes after so many
    /// datagrams of a router's is not needed.
    private static let mostDatagrams = 256
    /// How often a list is asked for that changed while it was told.
    private static let tries = 3
    /// See netlink(7): SOL_NETLINK, NETLINK_GET_STRICT_CHK.
    private static let (level, strict): (Int32, Int32) = (270, 12)

    private let descriptor: Int32
    private var sequence: UInt32

    /// `nil` when the system has no such socket for us.
    private init?() {
        let type = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_NETLINK, type, 0)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        sequence = 0
        // Not for ever, whatever happens.
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        // With it the kernel leaves out other tables; older ones than 4.20 do not know it.
        var one: Int32 = 1
        setsockopt(descriptor, Self.level, Self.strict, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        close(descriptor)
    }

    private mutating func list<Entry>(
        _ kind: UInt16,
        _ question: [UInt8],
        _ read: (NetlinkMessage) -> Entry?
    ) -> [Entry]? {
        for _ in 0..<Self.tries {
            guard send(kind, NetlinkMessage.Flag.dump, question) else { return nil }
            var entries: [Entry] = []
            var isWhole = true
            var isOver = false
            for _ in 0..<Self.mostDatagrams where !isOver {
                guard let messages = receive() else { return nil }
                for message in messages where message.sequence == sequence {
                    if message.flags & NetlinkMessage.Flag.interrupted != 0 { isWhole = false }
                    switch message.kind {
                    case NetlinkMessage.Kind.done: isOver = true
                    // There is no such table, and so nothing in it.
                    case NetlinkMessage.Kind.error: return []
                    default: if let entry = read(message) { entries.append(entry) }
                    }
                }
            }
            if isWhole || !isOver { return entries }
        }
        return nil
    }

    private mutating func answer(_ kind: UInt16, _ question: [UInt8]) -> NetlinkMessage? {
        guard send(kind, 0, question), let messages = receive() else { return nil }
        return messages.first { $0.sequence == sequence && $0.kind != NetlinkMessage.Kind.error }
    }

    private mutating func send(_ kind: UInt16, _ flags: UInt16, _ question: [UInt8]) -> Bool {
        sequence &+= 1
        let bytes = NetlinkMessage(
            kind: kind,
            flags: NetlinkMessage.Flag.request | flags,
            sequence: sequence,
            body: question[...]
        ).bytes
        return Glibc.send(descriptor, bytes, bytes.count, 0) == bytes.count
    }

    private func receive() -> [NetlinkMessage]? {
        var datagram = [UInt8](repeating: 0, count: Self.datagramBytes)
        while true {
            let count = recv(descriptor, &datagram, datagram.count, 0)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? NetlinkMessage.all(in: datagram[..<count]) : nil
        }
    }
}
