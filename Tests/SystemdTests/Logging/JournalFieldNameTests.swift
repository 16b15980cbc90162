import Testing

@testable import Systemd

@Suite struct JournalFieldNameTests {
    @Test(arguments: [
        ("discoveryd", "service", "DISCOVERYD_SERVICE"),
        ("DISCOVERYD_", "lease-id", "DISCOVERYD__LEASE_ID"),
        ("discoveryd", "http.status code", "DISCOVERYD_HTTP_STATUS_CODE"),
        ("discoveryd", "größe\nPRIORITY=0", "DISCOVERYD_GR__E_PRIORITY_0"),
        ("discoveryd", "", "DISCOVERYD_"),
        ("_2nd", "key", "ND_KEY"),
        ("", "priority", "FIELD_PRIORITY"),
        ("__", "_pid", "FIELD__PID"),
    ])
    func aKeyBecomesANameThatJournaldTakes(prefix: String, key: String, expected: String) {
        #expect(JournalFieldName(prefix: prefix, key: key).text == expected)
    }

    @Test func aLongKeyIsCutAtWhatJournaldTakes() {
        let name = JournalFieldName(
            prefix: String(repeating: "p", count: 100),
            key: String(repeating: "k", count: 100)
        )
        let expected = String(repeating: "P", count: 32) + "_" + String(repeating: "K", count: 31)
        #expect(name.text == expected)
        #expect(name.text.utf8.count == JournalFieldName.byteLimit)
    }
}
