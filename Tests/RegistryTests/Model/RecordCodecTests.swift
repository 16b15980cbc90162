import TestKit
import Testing
import Texts

@testable import Registry

@Suite struct RecordCodecTests {
    private let key: ServiceKey

    init() throws {
        key = try ServiceKey("web/web-1")
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let owner = try #require(OwnerID("5d1c"))
        let instance = ServiceInstance(
            key: key,
            address: try #require(HostAddress("2001:db8::5")),
            port: 8080,
            weight: 7,
            zone: "a",
            tags: ["green", "blue", "green"],
            meta: ["version": "1.2", "note": "é \"x\"\\"]
        )
        for state in [EndpointState.up, .draining, .leaving] {
            let record = try RecordCodec.decode(
                RecordCodec.encode(instance, owner: owner, state: state),
                key: key
            )
            #expect(record == Record(instance: instance, state: state, owner: owner))
        }
        #expect(instance.tags == ["blue", "green"])
    }

    @Test func theValueIsWhatGoReadsAndSaysEverythingOfOursBeside() throws {
        let instance = ServiceInstance(
            key: key,
            address: try #require(HostAddress("10.0.0.5")),
            port: 8080,
            zone: "a",
            tags: ["blue"],
            meta: ["version": "1.2"]
        )
        let owner = try #require(OwnerID("5d1c"))
        let text = String(decoding: RecordCodec.encode(instance, owner: owner), as: UTF8.self)
        #expect(
            text == #"{"Op":0,"Addr":"10.0.0.5:8080","discoveryd":{"schema":1,"service":"web","#
                + #""id":"web-1","owner":"5d1c","weight":100,"zone":"a","tags":["blue"],"#
                + #""meta":{"version":"1.2"},"state":"up"}}"#
        )
    }

    @Test(arguments: [
        #"{"Op":0,"Addr":"10.0.0.5:8080","Metadata":null}"#, #"{"Addr":"10.0.0.5:8080"}"#,
        #"{"Op":0,"Addr":"10.0.0.5:8080","Metadata":{"any":["thing",1]},"New":true}"#,
        #" {"Addr":"10.0.0.5:8080","discoveryd":{"schema":1,"unknown":{}}}"#, "10.0.0.5:8080",
    ])
    func whatOthersWriteIsRead(text: String) throws {
        let record = try RecordCodec.decode(Array(text.utf8), key: key)
        #expect(record.instance.address.text == "10.0.0.5" && record.instance.port == 8080)
        #expect(record.instance.weight == 100 && record.state == .up && record.owner == nil)
    }

    @Test func aStateOfALaterVersionReadsAsDraining() throws {
        let text = #"{"Addr":"10.0.0.5:8080","discoveryd":{"state":"resting"}}"#
        #expect(try RecordCodec.decode(Array(text.utf8), key: key).state == .draining)
    }

    @Test(arguments: [
        ("", RecordFault.unreadable), ("   ", .unreadable), ("{", .unreadable), ("[]", .badAddress),
        ("{}", .badAddress), ("null", .badAddress), ("{\"Addr\":", .unreadable),
        (#"{"Addr":5}"#, .badMember("Addr", mustBe: "a string, such as \"10.0.0.5:8080\"")),
        (#"{"Addr":"10.0.0.5"}"#, .badAddress), (#"{"Addr":"10.0.0.5:0"}"#, .badAddress),
        (#"{"Addr":"10.0.0.5:65536"}"#, .badAddress), (#"{"Addr":"fe80::1%eth0:80"}"#, .badAddress),
        (#"{"Addr":"a b:80"}"#, .badAddress), ("10.0.0.5:80\n server evil:80", .badAddress),
        (#"{"Addr":"10.0.0.5:80","discoveryd":{"schema":2}}"#, .newerSchema(2)),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"weight":-1}}"#,
            .beyondLimits("weight must be 0 to 65535, is -1")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"tags":["a\nb"]}}"#,
            .beyondLimits("a tag holds a control character")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"zone":"\u2028"}}"#,
            .beyondLimits("the zone holds a control character")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"meta":{"":"x"}}}"#,
            .beyondLimits("a meta name is empty")
        ),
        // One member is at fault, and not the record.
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"meta":[]}}"#,
            .badMember("meta", mustBe: "an object of strings")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"meta":{"v":1}}}"#,
            .badMember("meta", mustBe: "an object of strings")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"tags":"blue"}}"#,
            .badMember("tags", mustBe: "an array of strings")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"tags":["a",null]}}"#,
            .badMember("tags", mustBe: "an array of strings")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"weight":"100"}}"#,
            .badMember("weight", mustBe: "a whole number from 0 to 65535, without quotes")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"weight":99999999999999999999}}"#,
            .badMember("weight", mustBe: "a whole number from 0 to 65535, without quotes")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":{"zone":7}}"#,
            .badMember("zone", mustBe: "a string")
        ),
        (
            #"{"Addr":"10.0.0.5:80","discoveryd":"x"}"#,
            .badMember("discoveryd", mustBe: "an object")
        ),
        // Nobody can connect there.
        ("0.0.0.0:80", .unusableAddress("0.0.0.0", .unspecified)),
        ("224.0.0.1:80", .unusableAddress("224.0.0.1", .multicast)),
        ("[fe80::1]:80", .unusableAddress("fe80::1", .linkLocal)),
        ("0x0:80", .badAddress),
    ])
    func whatCannotBeAnEndpointIsRejectedWithItsFault(text: String, fault: RecordFault) {
        #expect(throws: fault) { try RecordCodec.decode(Array(text.utf8), key: key) }
    }

    @Test(arguments: ["10.0.0.5:8080\n", "  10.0.0.5:8080\r\n", "\t10.0.0.5:8080 "])
    func spaceAroundABareAddressIsNoPartOfIt(text: String) throws {
        let record = try RecordCodec.decode(Array(text.utf8), key: key)
        #expect(record.instance.address.text == "10.0.0.5" && record.instance.port == 8080)
    }

    @Test func theNameOfTheHostIsDataForPeople() throws {
        let address = try #require(HostAddress("10.0.0.5"))
        let instance = ServiceInstance(key: key, address: address, port: 80)
        let owner = try #require(OwnerID("0123456789abcdef0123456789abcdef"))
        let name = "db-7 \u{1b}[2J\" é"
        let value = RecordCodec.encode(instance, owner: owner, host: name)
        #expect(RecordCodec.host(in: value) == nil)
        let plain = RecordCodec.encode(instance, owner: owner, host: "db-7")
        #expect(RecordCodec.host(in: plain) == "db-7")
        var reader = RecordReader()
        #expect(reader.readUsual(plain, key: key)?.owner == owner)
        #expect(try RecordCodec.decode(value, key: key).instance == instance)
        for none in ["", "10.0.0.1:80", "{}", #"{"discoveryd":{"host":5}}"#] {
            #expect(RecordCodec.host(in: Array(none.utf8)) == nil)
        }
        let holder = Holder(
            owner: owner,
            name: "db-7",
            lease: LeaseID(rawValue: 5),
            address: "10.0.0.5:80"
        )
        #expect(
            holder.description
                == "host db-7 (\(owner)) at 10.0.0.5:80 under lease 0000000000000005"
        )
    }

    @Test func hostileBytesAreRejectedAndNothingWorse() {
        let deep = String(repeating: #"{"discoveryd":"#, count: 5000)
        for value in [
            [0xff, 0xfe, 0x00], Array("{\"Addr\":\"\u{0}\"}".utf8), Array(deep.utf8),
            [UInt8](repeating: 0x7b, count: 70_000), [UInt8](repeating: 0, count: 1 << 20),
        ] {
            #expect(throws: RecordFault.self) { try RecordCodec.decode(value, key: key) }
        }
    }
}
