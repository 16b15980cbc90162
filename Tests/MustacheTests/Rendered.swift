import Mustache
import Testing

/// Renders a template over JSON data, as `discoveryd render` does.
func rendered(
    _ template: String,
    _ json: String = "{}",
    partials: [String: String] = [:],
    escape: MustacheEscapeName = .html,
    unescapedTags: MustacheRenderer.UnescapedTags = .asIs,
    limits: MustacheLimits = .standard
) throws -> String {
    var parsed: [String: MustacheTemplate] = [:]
    for (name, text) in partials {
        parsed[name] = try MustacheTemplate(Array(text.utf8), name: name)
    }
    let renderer = MustacheRenderer(
        try MustacheTemplate(Array(template.utf8), name: "main"),
        partials: parsed,
        escape: escape.escape,
        unescapedTags: unescapedTags,
        limits: limits
    )
    let text = try renderer.render(try JSONReader.read(Array(json.utf8), name: "data"))
    #expect(text.faults == [])
    return String(decoding: text.bytes, as: UTF8.self)
}

/// The sentence of the error that this throws, with its place.
func sentence(_ body: () throws -> some Any) -> String {
    do {
        _ = try body()
        return "no error"
    } catch {
        return "\(error)"
    }
}
