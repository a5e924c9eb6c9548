// Cuts a program off at one of its file operations, or lets that operation fail. LD_PRELOAD loads this library into it.
//
//     FAULT_TRACE   a file that gets one line for each operation: its number, its name, its descriptor or path
//     FAULT         "<number> <action>": the effect at this operation
//
// Without either variable, the library only ends a program that takes too long.
//
// The kernel stops the program at each call that changes files (seccomp). A wrapper around libc would miss the crates that
// call the kernel directly. The handler counts, acts, and makes the call itself. A sixth argument, which none of these calls
// has, marks the handler's own calls. Standard streams, pipes and sockets do not count.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARGUMENT(c, n) ((c)->uc_mcontext.gregs[(int[]){REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9}[n]])
#define RESULT(c) ((c)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define ARGUMENT(c, n) ((c)->uc_mcontext.regs[n])
#define RESULT(c) ((c)->uc_mcontext.regs[0])
#else
#error "the registers of this processor are not known"
#endif

#define OURS 0x6f6e6521 // the sixth argument of the calls that the handler makes
#define LONGEST 120     // time limit of a program in seconds

enum what { OPEN, DATA, FLUSH, NAME, SIZE, LOCK };

static const struct call {
    const char *name;
    int number;
    enum what what;
} calls[] = {
#ifdef SYS_open
    {"open", SYS_open, OPEN},         {"creat", SYS_creat, OPEN},   {"rename", SYS_rename, NAME}, {"unlink", SYS_unlink, NAME},
    {"mkdir", SYS_mkdir, NAME},       {"rmdir", SYS_rmdir, NAME},   {"link", SYS_link, NAME},     {"chmod", SYS_chmod, NAME},
#endif
    {"openat", SYS_openat, OPEN},     {"write", SYS_write, DATA},   {"pwrite", SYS_pwrite64, DATA}, {"writev", SYS_writev, DATA},
    {"fsync", SYS_fsync, FLUSH},      {"fdatasync", SYS_fdatasync, FLUSH}, {"ftruncate", SYS_ftruncate, SIZE},
    {"renameat", SYS_renameat, NAME}, {"renameat2", SYS_renameat2, NAME}, {"unlinkat", SYS_unlinkat, NAME},
    {"mkdirat", SYS_mkdirat, NAME},   {"linkat", SYS_linkat, NAME}, {"fchmodat", SYS_fchmodat, NAME}, {"fchmod", SYS_fchmod, SIZE},
    {"flock", SYS_flock, LOCK},       {"fallocate", SYS_fallocate, SIZE},
    {"copy_file_range", SYS_copy_file_range, DATA}, {"sendfile", SYS_sendfile, DATA},
};
enum { CALLS = sizeof calls / sizeof *calls };

static int trace = -1;
static unsigned long operations, chosen;
static char action[32];
static volatile int broken; // every later operation fails with this error

static long make(long number, ucontext_t *c, unsigned long third) {
    long result = syscall(number, ARGUMENT(c, 0), ARGUMENT(c, 1), third, ARGUMENT(c, 3), ARGUMENT(c, 4), OURS);
    return result == -1 ? -errno : result;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int is(const char *name) { return strcmp(action, name) == 0; }

// Whether the call changes a file. The standard streams of the program do not count.
static int counts(const struct call *call, ucontext_t *c) {
    struct stat found;
    int fd = (int)ARGUMENT(c, 0);
    long flags = call->number == SYS_openat ? (long)ARGUMENT(c, 2) : (long)ARGUMENT(c, 1);
    switch (call->what) {
    case OPEN: return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
    case NAME: return 1;
    default: return fd > 2 && fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
    }
}

static void note(unsigned long number, const struct call *call, ucontext_t *c) {
    char line[600];
    int at = call->number == SYS_openat || call->number == SYS_unlinkat || call->number == SYS_mkdirat;
    int from = call->number == SYS_renameat || call->number == SYS_renameat2;
    int length;
    if (call->what == OPEN || call->what == NAME)
        length = snprintf(line, sizeof line, "%lu %s %.500s\n", number, call->name,
                          (const char *)ARGUMENT(c, from ? 3 : at ? 1 : 0));
    else
        length = snprintf(line, sizeof line, "%lu %s %d\n", number, call->name, (int)ARGUMENT(c, 0));
    syscall(SYS_write, trace, line, length, 0, 0, OURS);
}

static long handle(const struct call *call, ucontext_t *c) {
    unsigned long third = ARGUMENT(c, 2);
    if (call->number == SYS_copy_file_range) return -ENOSYS; // uses a sixth argument; the program then reads and writes
    if (!counts(call, c)) return make(call->number, c, third);
    unsigned long number = __atomic_add_fetch(&operations, 1, __ATOMIC_SEQ_CST);
    if (trace >= 0) note(number, call, c);
    // A full disk can still delete names and shorten files.
    int fails = broken == EIO || call->what == DATA || call->what == FLUSH || call->what == OPEN;
    if (broken && fails) return -broken;
    if (number != chosen) return make(call->number, c, third);
    int halves = call->number == SYS_write || call->number == SYS_pwrite64;
    if (is("before")) die();
    if (is("midway") || is("short") || is("full")) {
        long result = make(call->number, c, halves && third > 1 ? third / 2 : third);
        if (is("midway")) die();
        if (is("full")) broken = ENOSPC;
        return result;
    }
    if (is("after")) {
        make(call->number, c, third);
        die();
    }
    int error = strncmp(action, "enospc", 6) == 0 ? ENOSPC : EIO;
    if (strstr(action, "-on")) broken = error;
    return -error;
}

static void trapped(int signal, siginfo_t *info, void *context) {
    (void)signal;
    int saved = errno;
    ucontext_t *c = context;
    for (int i = 0; i < CALLS; i++)
        if (calls[i].number == info->si_syscall) RESULT(c) = handle(&calls[i], c);
    errno = saved;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULT_TRACE"), *fault = getenv("FAULT");
    alarm(LONGEST);
    if (!path && !fault) return;
    if (fault && sscanf(fault, "%lu %31s", &chosen, action) != 2) abort();
    if (path) {
        int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        trace = fcntl(file, F_DUPFD_CLOEXEC, 900); // a high number keeps the program's own descriptors unchanged
        close(file);
        if (trace < 0) abort();
    }
    // Calls with our sixth argument pass; all other calls in the table go to the handler.
    struct sock_filter filter[CALLS + 7];
    int size = 0;
#define STATEMENT(code, value) filter[size++] = (struct sock_filter)BPF_STMT(code, value)
#define JUMP(value, yes, no) filter[size++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
    STATEMENT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5]));
    JUMP(OURS, CALLS + 1, 0);
    STATEMENT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < CALLS; i++) JUMP(calls[i].number, CALLS - i, 0);
    STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    struct sock_fprog program = {(unsigned short)size, filter};
    struct sigaction handler = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSYS, &handler, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("fault.c: this kernel lets no program be stopped at its calls");
        abort();
    }
}
