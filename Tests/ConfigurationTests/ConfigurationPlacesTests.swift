import Foundation
import TestKit
import Testing

@testable import Configuration

/// Outputs whose file is another's, by whatever path. On a real disk: paths are not what counts.
@Suite struct ConfigurationPlacesTests {
    @Test func anOutputInThePlaceOfTheConfigurationIsLeftOutAndTheOtherStays() async throws {
        try await TemporaryDirectory.with { directory in
            let conf = directory.file("d.conf")
            let loaded = try load(directory, outputs: [conf, directory.file("list.json")])
            #expect(loaded.configuration.outputs.map(\.path) == [directory.file("list.json")])
            let fault = try #require(loaded.refused.first)
            #expect(loaded.refused.count == 1 && fault.file == conf)
            #expect(fault.sentence.contains("is the configuration file"))
            #expect(fault.sentence.hasSuffix("This output is not written"))
            #expect(fault.position != nil && fault.table?.hasPrefix("[output") == true)
        }
    }

    @Test func thePathMayLeadThroughLinksOfDirectoriesAndFiles() async throws {
        try await TemporaryDirectory.with { directory in
            let manager = FileManager.default
            try manager.createDirectory(
                atPath: directory.file("real"),
                withIntermediateDirectories: false
            )
            try manager.createSymbolicLink(
                atPath: directory.file("link"),
                withDestinationPath: "real"
            )
            // The password is read through a link; its file is in the directory that has two names.
            try directory.write("real/password", "secret")
            try manager.createSymbolicLink(
                atPath: directory.file("password"),
                withDestinationPath: "link/password"
            )
            for path in ["real/password", "link/password", "password"] {
                let loaded = try load(
                    directory,
                    "[etcd]\nusername = \"u\"\npassword_file = \"\(directory.file("password"))\"\n",
                    outputs: [directory.file(path)]
                )
                #expect(loaded.configuration.outputs.isEmpty, "\(path)")
                #expect(loaded.refused.first?.sentence.contains("password_file of [etcd]") == true)
            }
        }
    }

    @Test func twoPathsOfOneFileAreOneOutput() async throws {
        try await TemporaryDirectory.with { directory in
            try FileManager.default.createSymbolicLink(
                atPath: directory.file("run"),
                withDestinationPath: directory.path
            )
            let loaded = try load(
                directory,
                outputs: [
                    directory.file("list.json"), directory.file("run/list.json"),
                    directory.file("run/other.json"),
                ]
            )
            #expect(
                loaded.configuration.outputs.map(\.path) == [
                    directory.file("list.json"), directory.file("run/other.json"),
                ]
            )
            #expect(loaded.refused.first?.sentence.contains("the file of the output at") == true)
        }
    }

    @Test func whatWouldBeReadAsConfigurationIsLeftOut() async throws {
        try await TemporaryDirectory.with { directory in
            try FileManager.default.createDirectory(
                atPath: directory.file("d.conf.d"),
                withIntermediateDirectories: false
            )
            let loaded = try load(
                directory,
                outputs: [
                    directory.file("d.conf.d/list.conf"), directory.file("d.conf.d/list.json"),
                    directory.file("d.conf.d/.list.conf"),
                ]
            )
            #expect(
                loaded.configuration.outputs.map(\.path) == [
                    directory.file("d.conf.d/list.json"), directory.file("d.conf.d/.list.conf"),
                ]
            )
            #expect(loaded.refused.count == 1)
        }
    }

    @Test func whatTheDaemonKeepsForItselfIsNoOutput() async throws {
        try await TemporaryDirectory.with { directory in
            let reserved = ReservedFile.all(
                statusFile: directory.file("status.json"),
                controlSocket: directory.file("control.sock"),
                stateFiles: ["lease", "drains", "unwell", "last-list"].map {
                    directory.file("\($0).json")
                }
            )
            let names = [
                "status.json", "control.sock", "lease.json", "last-list.json", "mine.json",
            ]
            let loaded = try load(
                directory,
                "[metrics]\nlisten = \"unix:\(directory.file("metrics.sock"))\"\n",
                outputs: (names + ["metrics.sock"]).map(directory.file),
                reserved: reserved
            )
            #expect(loaded.configuration.outputs.map(\.path) == [directory.file("mine.json")])
            #expect(loaded.refused.count == 5)
        }
    }

    @Test func whenNoneIsLeftTheStandardOutputDoesNotTakeTheirPlace() async throws {
        try await TemporaryDirectory.with { directory in
            let loaded = try load(directory, outputs: [directory.file("d.conf")])
            #expect(loaded.configuration.outputs.isEmpty && loaded.refused.count == 1)
        }
    }

    @Test func aCircleOfLinksHasAnEnd() async throws {
        try await TemporaryDirectory.with { directory in
            try FileManager.default.createSymbolicLink(
                atPath: directory.file("circle"),
                withDestinationPath: "circle"
            )
            #expect(DiskPlace.all(on: directory.file("circle")).count == 1)
            #expect(
                DiskPlace.all(on: directory.file("no/where")) == [
                    .path(directory.file("no/where"))
                ]
            )
        }
    }

    /// Loads `d.conf` in the directory, with those outputs.
    private func load(
        _ directory: TemporaryDirectory,
        _ text: String = "",
        outputs: [String],
        reserved: [ReservedFile] = []
    ) throws -> LoadedConfiguration {
        let tables = outputs.map { "[[output]]\npath = \"\($0)\"\n" }
        let path = try directory.write("d.conf", text + tables.joined())
        return try ConfigurationLoader(hostname: "box", reserved: reserved).load(path)
    }
}
