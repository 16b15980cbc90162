import Registry
import Testing

@testable import Configuration

@Suite struct ConfigurationLoaderTests {
    private let main = "/etc/discoveryd.conf"
    private let directory = "/etc/discoveryd.conf.d"

    @Test func withoutAnyFileTheConfigurationIsTheDefault() throws {
        let loaded = try ConfigurationFixture([:]).load()
        #expect(
            loaded == LoadedConfiguration(configuration: Configuration(), warnings: [], files: [])
        )
    }

    @Test func aNamedFileMustExist() {
        #expect(
            ConfigurationFixture([:]).faults("/srv/d.conf") == [
                "/srv/d.conf: does not exist; name another with --config"
            ]
        )
        #expect(
            ConfigurationFixture([:]).faults(main) == [
                "/etc/discoveryd.conf: does not exist; name another with --config"
            ]
        )
    }

    @Test func aNamedFileBringsItsOwnDirectory() throws {
        let loaded = try ConfigurationFixture([
            main: "[lease]\nttl = \"1s\"",
            "/srv/d.conf": "[lease]\nttl = \"20s\"",
            "/srv/d.conf.d/start.conf": "[start]\ntimeout = \"1s\"",
        ]).load("/srv/d.conf")
        #expect(loaded.files == ["/srv/d.conf", "/srv/d.conf.d/start.conf"])
        #expect(loaded.configuration.lease.ttl == .seconds(20))
        #expect(loaded.configuration.start.timeout == .seconds(1))
    }

    @Test func singleValuesOfLaterFilesWinOneByOne() throws {
        let loaded = try ConfigurationFixture([
            main: "[etcd]\nprefix = \"a/\"\ndial_timeout = \"1s\"\n[lease]\nttl = \"7s\"",
            "\(directory)/50-b.conf": "[etcd]\nprefix = \"b/\"",
            "\(directory)/60-c.conf": "[etcd]\nprefix = \"c/\"\n[start]\ntimeout = \"1m\"",
            "\(directory)/10-d.conf": "[etcd]\nprefix = \"d/\"",
        ]).load()
        #expect(
            loaded.files == [
                main, "\(directory)/10-d.conf", "\(directory)/50-b.conf", "\(directory)/60-c.conf",
            ]
        )
        #expect(loaded.configuration.etcd.prefix.text == "c/")
        #expect(loaded.configuration.etcd.dialTimeout == .seconds(1))
        #expect(loaded.configuration.lease.ttl == .seconds(7))
        #expect(loaded.configuration.start.timeout == .seconds(60))
    }

    @Test func servicesAndOutputsOfAllFilesAddUp() throws {
        let configuration = try ConfigurationFixture([
            main: "[[service]]\nname = \"web\"\nport = 80\n[[output]]\npath = \"/run/a\"",
            "\(directory)/db.conf": "[[service]]\nname = \"db\"\nport = 81",
            "\(directory)/out.conf": "[[output]]\npath = \"/run/b\"",
        ]).configuration()
        #expect(configuration.services.map(\.name.text) == ["web", "db"])
        #expect(configuration.outputs.map(\.path) == ["/run/a", "/run/b"])
    }

    @Test func whatIsGivenTwiceNamesTheOtherFile() {
        let fixture = ConfigurationFixture([
            main: "outputs = []\n[[service]]\nname = \"web\"\nport = 80",
            "\(directory)/a.conf": "[[service]]\nname = \"web\"\nport = 80",
            "\(directory)/b.conf": "[[output]]\npath = \"/run/b\"",
            "\(directory)/c.conf": "[[output]]\npath = \"/run/b\"",
        ])
        #expect(
            fixture.faults() == [
                "1:11: outputs: must not be given beside the [[output]] at \(directory)/b.conf:1:1",
                "\(directory)/a.conf:1:1: [service \"web\"] id: \"box-80\" is taken by the service "
                    + "of that name at /etc/discoveryd.conf:2:1",
                "\(directory)/c.conf:2:8: [output \"/run/b\"] path: is written by the output at "
                    + "\(directory)/b.conf:1:1",
            ]
        )
    }

    @Test func aSyntaxErrorInOneFileDoesNotHideTheFaultsOfAnother() {
        let fixture = ConfigurationFixture([
            main: "[etcd\n",
            "\(directory)/a.conf": "[lease]\nttl = 10\n[strat]\n",
            "\(directory)/b.conf": "x =",
        ])
        #expect(
            fixture.faults() == [
                "1:6: syntax error while parsing table header: expected ']', saw '\\n'",
                "\(directory)/a.conf:2:7: [lease] ttl: must be a duration of whole seconds from 2s "
                    + "to 1h, such as \"10s\", is the integer 10",
                "\(directory)/a.conf:3:2: unknown table [strat], did you mean [start]?",
                "\(directory)/b.conf:1:4: syntax error while parsing key-value pair: "
                    + "encountered end-of-file",
            ]
        )
    }

    @Test func faultsComeInTheOrderOfTheFilesAndOfThePlacesInThem() {
        let fixture = ConfigurationFixture([
            "\(directory)/a.conf": "a = 1\n[[service]]\nport = 1\n",
            main: "[start]\ntimeout = 1\n[etcd]\nprefix = 2\n",
        ])
        #expect(
            fixture.faults().map { $0.prefix { $0 != " " } } == [
                "2:11:", "4:10:", "\(directory)/a.conf:1:1:", "\(directory)/a.conf:2:1:",
            ]
        )
    }

    @Test func aMaskedFileIsAnEmptyOne() throws {
        let loaded = try ConfigurationFixture([main: "", "\(directory)/a.conf": ""]).load()
        #expect(loaded.configuration == Configuration())
    }

    @Test func onlyVisibleFilesThatEndInConfAreRead() throws {
        let loaded = try ConfigurationFixture([
            "\(directory)/README": "not TOML",
            "\(directory)/a.conf~": "not TOML",
            "\(directory)/a.conf.dpkg-new": "not TOML",
            "\(directory)/.#a.conf": "not TOML",
            "\(directory)/a.conf": "[lease]\nttl = \"11s\"",
        ]).load()
        #expect(loaded.files == ["\(directory)/a.conf"])
        #expect(loaded.configuration.lease.ttl == .seconds(11))
    }

    @Test func aFileThatCannotBeReadIsAFaultAndTheOthersAreStillChecked() {
        let fixture = ConfigurationFixture(
            ["\(directory)/z.conf": "x = 1"],
            failures: [
                main: .system(13), "\(directory)/a.conf": .missing,
                "\(directory)/b.conf": .notAFile,
                "\(directory)/c.conf": .tooLarge,
            ]
        )
        #expect(
            fixture.faults() == [
                "/etc/discoveryd.conf: cannot be read: Permission denied; the user that discoveryd "
                    + "runs as must be able to read it and to enter each directory on the way "
                    + "(chmod, chgrp)",
                "\(directory)/a.conf: does not exist; a symbolic link may lead nowhere",
                "\(directory)/b.conf: is not a regular file; "
                    + "a configuration is read from regular files only",
                "\(directory)/c.conf: is larger than 1048576 bytes, the most that is read",
                "\(directory)/z.conf:1:1: unknown key \"x\", allowed are [etcd], [host], [lease], "
                    + "[start], [metrics], [limits], [[service]], [[output]], outputs",
            ]
        )
    }

    @Test func aDirectoryThatCannotBeListedIsAFault() {
        let fixture = ConfigurationFixture([main: ""], failures: [directory: .system(20)])
        #expect(
            fixture.faults() == [
                "\(directory): cannot be read: Not a directory; "
                    + "something on the way to it is a file, not a directory"
            ]
        )
    }

    @Test func warningsAreOfTheValuesThatHold() throws {
        let loaded = try ConfigurationFixture([
            main: "[etcd]\nendpoints = [\"10.0.0.1\"]\n[lease]\nttl = \"2s\"",
            "\(directory)/a.conf": "[etcd]\nendpoints = [\"127.0.0.1\"]",
            "\(directory)/b.conf": "[lease]\nttl = \"3s\"",
        ]).load()
        #expect(
            loaded.warnings.map(\.description) == [
                "\(directory)/b.conf:2:7: [lease] ttl: 3s is short; below 5s a slow disk or a "
                    + "leader election of etcd removes healthy hosts from the lists"
            ]
        )
    }
}
