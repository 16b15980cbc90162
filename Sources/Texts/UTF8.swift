extension String {
    /// A text that is still bytes, or `nil` when these are not UTF-8.
    package init?(validating bytes: Span<UInt8>) {
        // Why they are not UTF-8 is of no interest.
        guard let text = try? UTF8Span(validating: bytes) else { return nil }
        self.init(copying: text)
    }
}
