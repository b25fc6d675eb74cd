#include "command/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/* Any thread may be the one that the signal stops. */
static atomic_int came;

static void on_signal(int number)
{
    atomic_store(&came, number);
}

void interrupt_watch(void)
{
    /* The second one ends the program. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int interrupt_came(void)
{
    return atomic_load(&came);
}
