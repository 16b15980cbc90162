import Foundation
import TestKit
import Testing

@testable import Configuration
@testable import Etcd

/// The configuration is written by people, and by programs of people.
@Suite struct ConfigurationFuzzTests {
    @Test func whateverStandsInTheFileItIsAConfigurationOrFaultsWithTheirPlaces() throws {
        let sample = try ConfigurationSource.disk.readFile(
            Repository.root.appending(path: "etc/discoveryd.conf").path,
            1 << 20
        )
        // Settings are commented out with `#` alone, prose with `# `.
        let settings = String(decoding: sample, as: UTF8.self).split(separator: "\n").compactMap {
            line in
            line.hasPrefix("#") && !line.hasPrefix("# ") && line.count > 1
                ? String(line.dropFirst()) : line.hasPrefix("#") ? nil : String(line)
        }.filter { $0 != "outputs = []" }.joined(separator: "\n")
        let corpus = [
            settings, "[[service]]\nname = \"web\"\nport = 8080\n",
            "[host]\nzone = \"a\"\n[[output]]\npath = \"/run/x\"\nprefer_zone = [\"a\", \"b\"]\n"
                + "spill_below = \"50%\"\n",
            "[[output]]\npath = \"/run/x\"\nprefer_zone = true\nspill_below = 3\n[host]\nzone = \"a\"\n",
            "outputs = []\n[etcd]\nendpoints = [\"http://10.0.0.1:2379\"]\n",
        ]
        let complaint = Fuzzing.complaint(corpus: corpus) { bytes in
            let lines = bytes.count { $0 == 0x0a } + 1
            do throws(ConfigurationFaults) {
                let loaded = try Self.load(bytes)
                return loaded.configuration.etcd.endpoints.isEmpty ? .wrong("no endpoint") : .right
            } catch {
                for fault in error.faults {
                    if let line = fault.position?.line, !(1...lines).contains(line) {
                        return .wrong("a fault in line \(line) of \(lines)")
                    }
                    if fault.description.contains("\n") { return .wrong("a fault on two lines") }
                }
                return .refused
            }
        }
        #expect(complaint == nil)
    }

    @Test func anEndpointThatIsReadIsReadAgainAsItIsWritten() {
        let corpus = [
            "http://10.0.0.1:2379", "https://etcd.example.org", "[::1]:2379", "localhost",
        ]
        let complaint = Fuzzing.complaint(corpus: corpus) { bytes in
            guard let endpoint = try? EtcdEndpoint(String(decoding: bytes, as: UTF8.self)) else {
                return .refused
            }
            let again = try? EtcdEndpoint(endpoint.description)
            return again == endpoint ? .right : .wrong("\(endpoint) is another one")
        }
        #expect(complaint == nil)
    }

    private static func load(_ bytes: [UInt8]) throws(ConfigurationFaults) -> LoadedConfiguration {
        let source = ConfigurationSource(
            readFile: { _, _ throws(ConfigurationSource.Failure) in bytes },
            listDirectory: { _ throws(ConfigurationSource.Failure) in throw .missing },
            lookAtFile: { _ throws(ConfigurationSource.Failure) in throw .missing },
            hasProgram: { _ in false }
        )
        return try ConfigurationLoader(hostname: "box", source: source).load(nil)
    }
}
