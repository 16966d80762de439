/* Process 1 of a node and of each pod: waits, and takes leave of processes that nobody else waits for. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int signal) {
  (void)signal;
  _exit(0);
}

static void reap(int signal) {
  (void)signal;
  while (waitpid(-1, 0, WNOHANG) > 0) {
  }
}

int main(void) {
  struct sigaction ending = {.sa_handler = end};
  struct sigaction reaping = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  sigaction(SIGTERM, &ending, 0);
  sigaction(SIGINT, &ending, 0);
  sigaction(SIGCHLD, &reaping, 0);
  for (;;) pause();
}
