import Registry
import Testing

@Suite struct NamesTests {
    @Test(arguments: ["web", "a.b_c-9", String(repeating: "x", count: 128)])
    func anOrdinaryNameIsWrittenAndRead(text: String) {
        #expect(ServiceName(declared: text)?.text == text)
        #expect(InstanceID(read: text)?.text == text)
    }

    @Test(arguments: ["10.0.0.5:8080", "a;b{}", "$(reboot)", "'\""])
    func whatOthersWriteIsReadButNotWritten(text: String) {
        #expect(InstanceID(read: text)?.text == text)
        #expect(InstanceID(declared: text) == nil)
    }

    @Test(arguments: ["", "a/b", "a b", "a\n", "é", "\u{0}", String(repeating: "x", count: 129)])
    func whatNoKeySegmentMayBeIsNeither(text: String) {
        #expect(ServiceName(read: text) == nil)
        #expect(ServiceName(declared: text) == nil)
    }

    @Test(arguments: [".", ".."])
    func aNameThatWalksInAPathIsNotWritten(text: String) {
        #expect(ServiceName(declared: text) == nil)
    }

    @Test func aPrefixEndsInASlashWhateverIsWritten() {
        #expect(RegistryPrefix("services")?.text == "services/")
        #expect(RegistryPrefix("a/b/")?.text == "a/b/")
        #expect(RegistryPrefix("") == nil)
        #expect(RegistryPrefix("/") == nil)
        #expect(RegistryPrefix("a b") == nil)
    }

    @Test func exactlyTwoSegmentsAfterThePrefixAreAKeyOfOurs() throws {
        let prefix = RegistryPrefix.standard
        let key = try #require(prefix.parse("services/web/web-1"))
        #expect(key.description == "web/web-1")
        #expect(prefix.key(key) == "services/web/web-1")
        for foreign in [
            "services/web", "services/web/", "services//a", "services/web/a/b",
            "services-old/web/a",
            "service", "", "services/web/a b",
        ] {
            #expect(prefix.parse(StoreKey(foreign)) == nil, "\(foreign)")
        }
    }
}
