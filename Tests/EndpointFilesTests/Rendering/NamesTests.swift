import Registry
import TestKit
import Testing

@testable import EndpointFiles

@Suite struct NamesTests {
    @Test func whatDiscoverydRegistersIsSpelledAsItIs() {
        #expect(HAProxyName("Web-1.eu_2").description == "Web-1.eu_2")
        #expect(NginxName("web-1.eu_2").description == "web-1.eu_2")
        #expect(LineWord("Web-1.eu_2").description == "Web-1.eu_2")
    }

    @Test func aVariableIsNamedAsAPersonWould() throws {
        let expected = [
            "web": "WEB", "user-api": "USER_API", "user_api": "USER__API", "v1.api": "V1x2eAPI",
            "3scale": "x33SCALE", "Web": "x57EB", "a--b": "Ax2dx2dB", "a-_b": "Ax2d__B",
            "a-": "A_", "-": "_",
        ]
        for (name, variable) in expected {
            let service = try #require(ServiceName(read: name))
            #expect(VariableName(service, suffix: "_ADDRS").text == variable + "_ADDRS")
        }
    }

    /// Short names of few characters are the likeliest to come out the same.
    @Test func noTwoNamesComeOutTheSame() throws {
        let letters = ["a", "A", "2", "x", "-", "_", ".", ":", "~", "%", ";"]
        var names = [""]
        var haproxy: Set<String> = []
        var nginx: Set<String> = []
        var words: Set<String> = []
        var variables: Set<String> = []
        var count = 0
        for _ in 1...4 {
            names = names.flatMap { name in letters.map { name + $0 } }
            count += names.count
            for name in names {
                haproxy.insert(HAProxyName(name).description)
                nginx.insert(NginxName(name).description.lowercased())
                words.insert(LineWord(name).description)
                let service = try #require(ServiceName(read: name))
                variables.insert(VariableName(service, suffix: "_ADDRS").text)
            }
        }
        #expect(count == 16_104)
        #expect(haproxy.count == count && nginx.count == count && words.count == count)
        #expect(variables.count == count)
    }

    @Test func labelsThatComeOutTheSameAreLeftOut() {
        let labels = PrometheusLabelName.unique(["a/b": "1", "a-b": "2", "c": "3", "é": "4"])
        #expect(labels.map(\.0.text) == ["_", "c"] && labels.map(\.1) == ["4", "3"])
    }

    @Test func aDomainNameIsReadInAnyCase() {
        #expect(DomainName("Example.INTERNAL.")?.text == "example.internal")
        #expect(DomainName.standard == DomainName("discoveryd.internal"))
        let long = String(repeating: "a", count: 64)
        for text in ["", ".", "a..b", "-a", "a-", "a_b", "a b", "ä", "a\n", long, "a/b"] {
            #expect(DomainName(text) == nil, "\(text)")
        }
    }
}
