import CSystemd
import Glibc

/// A message that came over the bus, read from its first value to its last.
///
/// Every reading function throws ``SystemdError/Code/answerNotUnderstood`` when the next value is of
/// another type, or there is none.
struct BusMessage: ~Copyable {
    private let message: OpaquePointer

    /// Takes over `message`, a `struct csystemd_message`.
    init(_ message: OpaquePointer) {
        self.message = message
    }

    deinit {
        csystemd_message_unref(self.message)
    }

    /// The value that ``BusConnection/send(_:)`` returned for the call that this message answers; 0
    /// when it answers none.
    var answers: UInt64 {
        csystemd_message_answers(self.message)
    }

    /// An error reply.
    struct Refusal: Hashable, Sendable {
        /// The D-Bus name of the error.
        var name: String
        /// The peer's error message.
        var text: String
        /// The errno nearest to it, positive.
        var errno: Int32
    }

    /// The error, if this message is an error reply.
    var refusal: Refusal? {
        var name: UnsafePointer<CChar>?
        var text: UnsafePointer<CChar>?
        let errno = csystemd_message_error(self.message, &name, &text)
        guard csystemd_message_kind(self.message) == CSYSTEMD_MESSAGE_ERROR else { return nil }
        return Refusal(
            name: name.map { String(cString: $0) } ?? "",
            text: text.map { String(cString: $0) } ?? "",
            errno: errno
        )
    }

    /// Whether this is the signal `member` of `interface`.
    func isSignal(_ member: String, of interface: String) -> Bool {
        csystemd_message_is_signal(self.message, interface, member) > 0
    }

    /// The object that a signal is from.
    var path: String {
        csystemd_message_path(self.message).map { String(cString: $0) } ?? ""
    }

    /// The unique bus name of the sender; that of the bus itself is a well-known one.
    var sender: String {
        csystemd_message_sender(self.message).map { String(cString: $0) } ?? ""
    }

    /// The types of container, as D-Bus writes them.
    enum Container: Character {
        case array = "a"
        case variant = "v"
        case structure = "r"
        case entry = "e"
    }

    func readString() throws(SystemdError) -> String {
        try self.readText("s")
    }

    /// The next string of an array; `nil` at its end.
    func readNextString() throws(SystemdError) -> String? {
        var text: UnsafePointer<CChar>?
        let type = CChar(truncatingIfNeeded: Character("s").asciiValue ?? 0)
        let result = csystemd_message_read_text(self.message, type, &text)
        guard try Self.checked(result, isEndFine: true) else { return nil }
        return text.map { String(cString: $0) }
    }

    func readPath() throws(SystemdError) -> String {
        try self.readText("o")
    }

    func readNumber() throws(SystemdError) -> UInt32 {
        var number: UInt32 = 0
        _ = try Self.checked(csystemd_message_read_number(self.message, &number), isEndFine: false)
        return number
    }

    func readLargeNumber() throws(SystemdError) -> UInt64 {
        var number: UInt64 = 0
        let result = csystemd_message_read_large_number(self.message, &number)
        _ = try Self.checked(result, isEndFine: false)
        return number
    }

    func readFlag() throws(SystemdError) -> Bool {
        var flag: Int32 = 0
        _ = try Self.checked(csystemd_message_read_flag(self.message, &flag), isEndFine: false)
        return flag != 0
    }

    /// Enters the container that comes next.
    ///
    /// - Returns: `false` when there is none, at the end of an array.
    @discardableResult
    func enter(_ container: Container, of contents: String) throws(SystemdError) -> Bool {
        try Self.checked(
            csystemd_message_enter(
                self.message,
                CChar(truncatingIfNeeded: container.rawValue.asciiValue ?? 0),
                contents
            ),
            isEndFine: true
        )
    }

    /// Leaves the container entered last, which was read to its end.
    func leave() throws(SystemdError) {
        _ = try Self.checked(csystemd_message_exit(self.message), isEndFine: true)
    }

    /// Passes over the values of `types`.
    func skip(_ types: String) throws(SystemdError) {
        _ = try Self.checked(csystemd_message_skip(self.message, types), isEndFine: true)
    }

    private func readText(_ type: Unicode.Scalar) throws(SystemdError) -> String {
        var text: UnsafePointer<CChar>?
        _ = try Self.checked(
            csystemd_message_read_text(self.message, CChar(truncatingIfNeeded: type.value), &text),
            isEndFine: false
        )
        guard let text else { throw .answerNotUnderstood(errno: EBADMSG) }
        return String(cString: text)
    }

    /// Whether there was something.
    private static func checked(_ result: Int32, isEndFine: Bool) throws(SystemdError) -> Bool {
        guard result >= (isEndFine ? 0 : 1) else {
            throw .answerNotUnderstood(errno: result < 0 ? -result : ENODATA)
        }
        return result > 0
    }
}

/// A method call, as plain data.
struct BusCall: Hashable, Sendable {
    var destination = SystemdNames.service
    var path = SystemdNames.managerPath
    var interface = SystemdNames.managerInterface
    var member: String
    /// The first argument, when it is a number.
    var number: UInt32?
    /// The other arguments.
    var strings: [String] = []

    /// Asks the manager.
    static func manager(_ member: String, number: UInt32? = nil, _ strings: String...) -> BusCall {
        BusCall(member: member, number: number, strings: strings)
    }

    /// Asks the bus itself.
    static func bus(_ member: String, _ strings: String...) -> BusCall {
        BusCall(
            destination: SystemdNames.bus,
            path: SystemdNames.busPath,
            interface: SystemdNames.busInterface,
            member: member,
            strings: strings
        )
    }

    /// Asks for all properties of an object of the manager's. Answered by a dictionary.
    static func properties(of interface: String, at path: String) -> BusCall {
        BusCall(
            path: path,
            interface: SystemdNames.properties,
            member: "GetAll",
            strings: [interface]
        )
    }

    /// Asks for one property of an object of the manager's. Answered by a variant.
    static func property(_ name: String, of interface: String, at path: String) -> BusCall {
        BusCall(
            path: path,
            interface: SystemdNames.properties,
            member: "Get",
            strings: [interface, name]
        )
    }
}

/// The names of systemd's objects on the bus. See org.freedesktop.systemd1(5).
enum SystemdNames {
    static let bus = "org.freedesktop.DBus"
    static let busPath = "/org/freedesktop/DBus"
    static let busInterface = "org.freedesktop.DBus"
    static let service = "org.freedesktop.systemd1"
    static let managerPath = "/org/freedesktop/systemd1"
    static let managerInterface = "org.freedesktop.systemd1.Manager"
    static let unitInterface = "org.freedesktop.systemd1.Unit"
    static let serviceInterface = "org.freedesktop.systemd1.Service"
    static let jobInterface = "org.freedesktop.systemd1.Job"
    static let properties = "org.freedesktop.DBus.Properties"
}
