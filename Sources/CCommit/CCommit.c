#include "CCommit.h"

/// A section of its own: `make dist` writes the commit there when the program is linked, with objcopy(1), so that a new
/// commit is nothing to compile.
__attribute__((section("discoveryd_commit"), used)) static const char text[64] = "development build";

const char *ccommit_text(void) {
    // Not known to the compiler, which would put the text as it is now in the place of what is read from it.
    const char *volatile place = text;
    return place;
}
