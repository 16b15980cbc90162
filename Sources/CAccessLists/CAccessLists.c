#include "CAccessLists.h"

#include <stddef.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif

int caccesslists_has(const char *path) {
#ifdef __linux__
    return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
#else
    (void)path;
    return 0;
#endif
}
