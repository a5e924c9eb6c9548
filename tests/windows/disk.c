// The disk that the machines see. It has free space, however full the disk of this computer is. Wine only calls fstatfs.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/vfs.h>

static const unsigned long ROOM = 1UL << 36; // 64 GiB: the database step requires 16

int fstatfs(int file, struct statfs *found) {
    int (*real)(int, struct statfs *) = (int (*)(int, struct statfs *))dlsym(RTLD_NEXT, "fstatfs");
    int code = real ? real(file, found) : -1;
    if (code == 0 && found->f_bsize > 0) {
        found->f_blocks = 2 * ROOM / (unsigned long)found->f_bsize;
        found->f_bfree = found->f_bavail = ROOM / (unsigned long)found->f_bsize;
    }
    return code;
}
