/// The pages of a server, by path.
public struct Pages: Sendable {
    /// Makes a page; called for each request, also of HEAD. The server waits for it as long as for
    /// everything else of a request.
    public typealias Page = @Sendable () async -> PageAnswer

    /// What is to be done about a request.
    enum Choice: Sendable {
        case make(Page)
        case answer(PageAnswer)
    }

    private let pages: [String: Page]

    /// Names the pages; each path starts with a slash.
    public init(_ pages: [String: @Sendable () async -> PageAnswer]) {
        self.pages = pages
    }

    /// Chooses by method and request target; what follows a `?` does not count.
    func choice(method: String, target: String) -> Choice {
        guard method == "GET" || method == "HEAD" else {
            return .answer(PageAnswer(.methodNotAllowed, "only GET and HEAD are served here\n"))
        }
        let path = target.prefix { $0 != "?" }
        guard let page = pages[String(path)] else {
            let all = pages.keys.sorted().joined(separator: "\n")
            return .answer(PageAnswer(.notFound, "not here; there are:\n\(all)\n"))
        }
        return .make(page)
    }
}
