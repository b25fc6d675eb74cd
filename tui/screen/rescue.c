#include "screen/rescue.h"

#include <signal.h>
#include <unistd.h>

#define RESCUE_MAX      512
#define ALTERNATE_STACK 65536

static struct {
    volatile sig_atomic_t armed;
    int fd;
    struct termios modes;
    char bytes[RESCUE_MAX];
    size_t len;
    void (*last_words)(void);
} rescue;

static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSYS, SIGTRAP};
static struct sigaction before[ARRAY_LEN(fatal)];

static void give_back(void)
{
    if (rescue.armed) {
        rescue.armed = 0;
        ssize_t written = write(rescue.fd, rescue.bytes, rescue.len);
        (void)written; /* nothing more can be done */
        tcsetattr(rescue.fd, TCSANOW, &rescue.modes);
    }
    void (*last_words)(void) = rescue.last_words;
    rescue.last_words = NULL;
    if (last_words != NULL) {
        last_words();
    }
}

/* Whoever handled the signal before (a sanitizer, or the default that ends the process) gets it. */
static void on_fatal(int number)
{
    give_back();
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
        if (fatal[i] == number) {
            sigaction(number, &before[i], NULL);
        }
    }
    raise(number);
}

static void install(void)
{
    static bool done;
    static char stack[ALTERNATE_STACK]; /* so that a stack overflow is rescued too */
    if (done) {
        return;
    }
    done = true;
    stack_t old;
    if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE) != 0) {
        stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
        sigaltstack(&alternate, NULL);
    }
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
        sigaction(fatal[i], &action, &before[i]);
    }
    mem_set_handler(give_back);
}

void rescue_arm(int fd, const struct termios *modes, struct str bytes)
{
    install();
    rescue.armed = 0;
    rescue.fd = fd;
    rescue.modes = *modes;
    rescue.len = bytes.len < RESCUE_MAX ? bytes.len : RESCUE_MAX;
    memcpy(rescue.bytes, bytes.ptr, rescue.len);
    rescue.armed = 1;
}

void rescue_also(void (*last_words)(void))
{
    rescue.last_words = last_words;
}

void rescue_disarm(void)
{
    rescue.armed = 0;
}
