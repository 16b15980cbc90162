#include "DottedKeyLimit.h"

#include <algorithm>

namespace {

// Walks TOML only as far as it must to know which dots stand outside of strings and comments. Where
// the source is not TOML it may end early: the parser stops at the same place.
class DotCounter {
  public:
    explicit DotCounter(std::string_view source) : source(source) {}

    std::optional<size_t> first_beyond(size_t limit) {
        size_t parts = 1;
        while (at < source.size()) {
            switch (source[at]) {
            case '"':
            case '\'': skip_string(); continue;
            case '#': skip_until_newline(); continue;
            case '.':
                parts += 1;
                if (parts > limit) return at;
                break;
            case '\n':
            case '=':
            case ',':
            case '[':
            case ']':
            case '{':
            case '}': parts = 1; break;
            default: break;
            }
            at += 1;
        }
        return std::nullopt;
    }

  private:
    std::string_view source;
    size_t at = 0;

    void skip_until_newline() { at = std::min(source.find('\n', at), source.size()); }

    void skip_string() {
        const char quote = source[at];
        const bool several_lines = quotes_at(at, quote) >= 3;
        const size_t closing = several_lines ? 3 : 1;
        at += closing;
        while (at < source.size()) {
            if (source[at] == '\\' && quote == '"') {
                at += 2;
            } else if (source[at] == quote && quotes_at(at, quote) >= closing) {
                // Up to two quotes may stand right before the three that close a text of several
                // lines.
                at += several_lines ? std::min(quotes_at(at, quote), size_t{5}) : 1;
                return;
            } else if (source[at] == '\n' && !several_lines) {
                return;
            } else {
                at += 1;
            }
        }
    }

    size_t quotes_at(size_t start, char quote) const {
        size_t count = 0;
        while (count < 5 && start + count < source.size() && source[start + count] == quote) {
            count += 1;
        }
        return count;
    }
};

ctoml_position position_of(std::string_view source, size_t offset) {
    ctoml_position place = {1, 1};
    for (const char byte : source.substr(0, offset)) {
        const bool continues_a_scalar = (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
        if (byte == '\n') {
            place = {place.line + 1, 1};
        } else if (!continues_a_scalar) {
            place.column += 1;
        }
    }
    return place;
}

} // namespace

std::optional<ctoml_position> first_key_beyond_dotted_limit(std::string_view source) {
    if (auto offset = DotCounter(source).first_beyond(dotted_key_limit)) {
        return position_of(source, *offset);
    }
    return std::nullopt;
}
