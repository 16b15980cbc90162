import Registry
import Testing

@testable import EndpointFiles

@Suite struct JSONListReaderTests {
    @Test func whatWasRenderedIsRead() throws {
        let endpoints = [try Lists.endpoint("web", "web-1"), try Lists.endpoint("db", "db-1")]
        let update = Lists.update(endpoints)
        var renderer = JSONListRenderer(prefix: .standard, services: nil)
        let read = try #require(
            JSONListReader.read(renderer.render(update).bytes, prefix: .standard)
        )
        #expect(read.table == update.table && read.revision == update.revision)
        #expect(read.clusterID == update.clusterID)
    }

    @Test func aListOfAnotherPrefixIsNone() throws {
        var renderer = JSONListRenderer(prefix: .standard, services: nil)
        let bytes = renderer.render(Lists.update([])).bytes
        let other = try #require(RegistryPrefix("other/"))
        #expect(JSONListReader.read(bytes, prefix: other) == nil)
    }

    @Test(arguments: ["", "{", "[]", "{\"schema\":1}", "\u{0}"])
    func whatIsNoListIsNotRead(text: String) {
        #expect(JSONListReader.read(Array(text.utf8), prefix: .standard) == nil)
    }

    @Test func anEndpointThatCouldNotStandInARecordIsLeftOut() throws {
        var renderer = JSONListRenderer(prefix: .standard, services: nil)
        let list = Lists.update([
            try Lists.endpoint("web", "web-1"), try Lists.endpoint("web", "b"),
        ])
        let text = String(decoding: renderer.render(list).bytes, as: UTF8.self)
        let hostile = text.replacing(#""id":"b""#, with: #""id":"../b""#)
        let read = try #require(JSONListReader.read(Array(hostile.utf8), prefix: .standard))
        #expect(read.table.endpointCount == 1)
    }
}
