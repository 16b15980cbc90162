#ifndef CACCESSLISTS_H
#define CACCESSLISTS_H

/// Whether a file has an access list beside its mode; see acl(5). 0 also where it cannot be told.
int caccesslists_has(const char *path);

#endif
