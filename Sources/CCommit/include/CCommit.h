// Tells which commit the program was built from.
#ifndef CCOMMIT_H
#define CCOMMIT_H

/// Returns the commit: the first twelve digits of its hash, with `-dirty` behind them when the sources differed from it;
/// `development build` in a program that `make dist` did not make. It stays valid as long as the program runs.
const char *ccommit_text(void);

#endif
