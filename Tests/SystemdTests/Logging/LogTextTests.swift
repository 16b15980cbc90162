import Logging
import Testing

@testable import Systemd

@Suite struct LogTextTests {
    @Test func theMetadataStandsBehindTheMessageSortedByKey() {
        let metadata: Logger.Metadata = ["revision": "7", "endpoints": "41", "output": "all"]
        let line = LogText.line(message: "list written", metadata: metadata, error: nil)
        #expect(line == "list written endpoints=41 output=all revision=7")
    }

    @Test(arguments: [
        ("plain", "plain"), ("10.0.0.1:2379", "10.0.0.1:2379"), ("日本", "日本"), ("", "\"\""),
        ("two words", "\"two words\""), ("a=b", "\"a=b\""), ("say \"hi\"", "\"say \\\"hi\\\"\""),
        ("C:\\x", "\"C:\\\\x\""), ("a\nb", "\"a\\nb\""),
    ])
    func aValueIsQuotedWhenItIsNotOnePlainWord(value: String, expected: String) {
        #expect(LogText.quoted(value) == expected)
    }

    @Test func aHostileValueCannotStartALineOrPassForAnotherKey() {
        let metadata: Logger.Metadata = [
            "key": "x\n<0>kernel: all is lost level=emergency",
            "evil key=1\n": "\u{1B}]0;owned\u{7}",
        ]
        let line = LogText.line(message: "refused\r\n<0>a", metadata: metadata, error: nil)
        let expected =
            #"refused\r\n<0>a "evil key=1\n"="\u{1b}]0;owned\u{7}" "#
            + #"key="x\n<0>kernel: all is lost level=emergency""#
        #expect(line == expected)
    }

    @Test func nestedMetadataIsTheSameEachTime() {
        let metadata: Logger.Metadata = [
            "services": ["web", "api v2"],
            "peer": .dictionary(["zone": "a", "address": "10.0.0.1", "rack": ["r1", "r2"]]),
            "port": .stringConvertible(8080),
        ]
        let line = LogText.line(message: "seen", metadata: metadata, error: nil)
        let expected =
            #"seen peer="{address: 10.0.0.1, rack: [r1, r2], zone: a}" port=8080 "#
            + #"services="[web, api v2]""#
        #expect(line == expected)
    }

    @Test func theErrorIsShownAndTheMessageIdIsNot() {
        let error = SystemdError(code: .machineIdentityMissing, message: "no\nid", errno: 2)
        let metadata: Logger.Metadata = ["message_id": "0123", "service": "web"]
        let line = LogText.line(message: "failed", metadata: metadata, error: error)
        #expect(line == #"failed error="no\nid (No such file or directory)" service=web"#)
    }
}
