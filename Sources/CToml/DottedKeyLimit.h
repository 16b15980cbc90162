#pragma once

#include "CToml.h"

#include <cstddef>
#include <optional>
#include <string_view>

/// How many parts a dotted key (`a.b.c`) may have.
constexpr size_t dotted_key_limit = 32;

/// Where a key first has more parts than the limit.
///
/// toml++ 3.3 limits nested values but not dotted keys, and both builds and frees its tables by
/// recursion: one line of half a million `a.` would overflow the stack.
std::optional<ctoml_position> first_key_beyond_dotted_limit(std::string_view source);
