/// A value that a template shows: what JSON has, with numbers as they are written.
public enum MustacheValue: Sendable {
    /// Nothing: it prints nothing, and a section of it is not rendered.
    case null
    /// Prints `true` or `false`; a section of `false` is not rendered.
    case bool(Bool)
    /// A number, printed as it is written: digits, signs, a point, an `e`.
    case number(String)
    /// A number whose places in the result are told: see ``MustacheText/tracked``.
    case tracked(String)
    /// A text, printed through the escape.
    case string(String)
    /// A section of it is rendered once for each element, in order.
    case list([MustacheValue])
    /// A section of it is rendered once, with its members in reach.
    case object(any MustacheObject)
}

/// The members of an object, by name. What is asked for is all that need be made.
public protocol MustacheObject: Sendable {
    /// The origin of its values, as the caller calls it; `nil` for the origin of the object it was found in. A
    /// value that cannot be represented counts against its origin, and not against the template.
    var origin: String? { get }

    /// The member of that name; `nil` when there is none, and then the objects around are asked.
    func member(_ name: String) -> MustacheValue?
}

extension MustacheObject {
    /// That of the object it was found in.
    public var origin: String? { nil }
}

/// An object of members that are all there: what JSON data are.
public struct MustacheMembers: MustacheObject {
    private let members: [String: MustacheValue]

    /// An object of these members.
    public init(_ members: [String: MustacheValue]) {
        self.members = members
    }

    /// The member of that name.
    public func member(_ name: String) -> MustacheValue? { members[name] }
}
