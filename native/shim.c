/*
 * kube-ipam-shim: what the container runtime starts where an agent runs. Passes the CNI parameters
 * and stdin to the agent, prints what comes back, exits with its status. Whenever the agent does not
 * answer in full, the complete plugin beside it is executed instead, with what is left of the one
 * deadline. The protocol is described in docs/agent-protocol.md.
 *
 * Linux only. No memory is allocated but for the buffers below and the memory file of stdin.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define VERSION 1
#define DEFAULT_SOCKET "/run/kube-ipam/agent.sock"
#define MOST_REQUEST (4u << 20)
#define MOST_ENVIRONMENT (256u << 10)
#define MOST_ANSWER (1u << 20)
/* The agent says "working" four times a second: silence means that it hangs. */
#define SILENCE_MS 2000
/* Only a part of a short limit, so that the complete plugin has enough time left; at least two words of an agent. */
#define SHORTEST_SILENCE_MS 500
#define PART_OF_LIMIT 3
/* Without a complete plugin, a longer wait for an agent that many pods keep busy is worth it. */
#define LONG_SILENCE_MS 9000
#define CONNECT_MS 500
#define VERSION_STDIN_MS 500
/* No network's configuration is as large; an endless stdin must not fill the memory. */
#define MOST_INPUT (16u << 20)
/* The agent itself gives up at the deadline; its error says more. */
#define GRACE_MS 1000
#define UNDO_MS 6000
/*
 * As many complete plugins work at once: after a boot a runtime starts all of a node's pods together. An ADD never
 * takes the last place: it may wait for the DEL that would stand behind it.
 */
#define PLACES 4
#define PLACES_OF_DEL 1
/*
 * As many are there at once, with those that have left their place because they wait: each takes some 7 MiB. An ADD
 * never takes the last seats, for the same reason.
 */
#define SEATS 10
#define SEATS_OF_DEL 2
/* The part of a verb's limit that is left for the complete plugin when its turn comes last. */
#define PART_FOR_PLUGIN 4
#define RETRY_PLACE_MS 5

enum frame { REQUEST = 1, ANSWER = 2, ACKNOWLEDGEMENT = 3, WORKING = 4, UNPRINTED = 5 };
enum field { ENV = 1, STDIN = 2, STDOUT = 3, EXIT_CODE = 4 };
enum { INPUT_OUTPUT = 5, DECODE = 6, TRY_AGAIN = 11 };
enum { FRAME_HEADER = 6, FIELD_HEADER = 5 };

extern char **environ;
static char **arguments;
static int64_t deadline;
static int input = -1; /* memory file that holds all of stdin */
static size_t input_size;
static unsigned char fields[MOST_ENVIRONMENT];
static size_t fields_size = FRAME_HEADER;
static unsigned char answer[MOST_ANSWER];

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value == NULL ? "" : value;
}

/* ---- the one deadline (docs/design.md section 4, BOUNDED) ---- */

static int64_t limit_of(const char *verb) {
  if (strcmp(verb, "ADD") == 0) return 40000;
  if (strcmp(verb, "GC") == 0) return 30000;
  if (strcmp(verb, "STATUS") == 0) return 1700;
  if (strcmp(verb, "VERSION") == 0) return 2000;
  return 10000;
}

static int64_t milliseconds_given(void) {
  int64_t limit = limit_of(variable("CNI_COMMAND"));
  long long given = atoll(variable("KUBE_IPAM_DEADLINE_MS"));
  return given > 0 && given < limit ? given : limit;
}

static int64_t silence_worth_waiting(void) {
  int64_t part = milliseconds_given() / PART_OF_LIMIT;
  if (part < SHORTEST_SILENCE_MS) return SHORTEST_SILENCE_MS;
  return part < SILENCE_MS ? part : SILENCE_MS;
}

static int64_t milliseconds_left(void) {
  int64_t left = deadline - now();
  return left > 0 ? left : 1;
}

/* ---- without an agent ---- */

/* The path of a file in this program's folder; 0 where the folder is unknown. */
static int beside(const char *name, char *path, size_t size) {
  ssize_t length = readlink("/proc/self/exe", path, size - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  char *slash = strrchr(path, '/');
  if (slash == NULL || (size_t)(slash - path) + strlen(name) + 2 > size) return 0;
  strcpy(slash + 1, name);
  return 1;
}

static int fallback_is_none(void) {
  char text[64] = "", path[4096];
  const char *given = getenv("KUBE_IPAM_FALLBACK");
  if (given != NULL && *given != 0) return strcmp(given, "none") == 0;
  if (!beside("kube-ipam.fallback", path, sizeof path)) return 0;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  return length >= 4 && strncmp(text, "none", 4) == 0 && strcspn(text, " \t\r\n") == 4;
}

static int print_all(const char *text, size_t size) {
  while (size > 0) {
    ssize_t written = write(STDOUT_FILENO, text, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return 0;
    text += written;
    size -= (size_t)written;
  }
  return 1;
}

/* The version of the configuration on stdin, for the error result; the newest where there is none. */
static void configuration_version(char *version, size_t size) {
  char *text = input_size == 0 ? MAP_FAILED : mmap(NULL, input_size, PROT_READ, MAP_PRIVATE, input, 0);
  static const char key[] = "\"cniVersion\"";
  snprintf(version, size, "1.1.0");
  if (text == MAP_FAILED) return;
  const char *end = text + input_size, *at = text;
  while (end - at >= (ptrdiff_t)(sizeof key - 1) && strncasecmp(at, key, sizeof key - 1) != 0) at++;
  if (end - at < (ptrdiff_t)(sizeof key - 1)) return;
  for (at += sizeof key - 1; at < end && strchr(" \t\r\n:", *at) != NULL && *at != 0; at++) continue;
  if (at == end || *at++ != '"') return;
  size_t length = 0;
  while (at + length < end && (strchr("0123456789.", at[length]) != NULL) && at[length] != 0) length++;
  if (length > 0 && length < size) snprintf(version, size, "%.*s", (int)length, at);
}

/* Answers a CNI error: 11 is "try again later". */
static void refuse(int code, const char *message, const char *details) {
  char version[16], text[1024];
  configuration_version(version, sizeof version);
  int size = snprintf(text, sizeof text, "{\"cniVersion\":\"%s\",\"code\":%d,\"msg\":\"%s\",\"details\":\"%s\"}", version,
                      code, message, details);
  if (*variable("CNI_COMMAND") != 0) print_all(text, (size_t)size);
  else fprintf(stderr, "kube-ipam-shim: %s: %s\n", message, details);
  _exit(1);
}

/* ---- a boot storm: a few complete plugins at once, the others wait for their turn ---- */

static const char *agent_socket(void) {
  const char *given = variable("KUBE_IPAM_AGENT_SOCKET");
  return *given == 0 ? DEFAULT_SOCKET : given;
}

/* A lock file of this name beside the agent's socket; negative where there can be none. */
static int open_lock(const char *name) {
  const char *socket_path = agent_socket(), *slash = strrchr(socket_path, '/');
  char path[4096];
  int folder = slash == NULL ? 0 : (int)(slash - socket_path);
  if (*socket_path != '/' || (size_t)folder + strlen(name) + 2 > sizeof path) return -1;
  snprintf(path, sizeof path, "%.*s", folder, socket_path);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%.*s/%s", folder, socket_path, name);
  int low = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  int file = low < 0 || low > STDERR_FILENO ? low : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (file != low) close(low);
  return file;
}

static void refuse_turn(void) {
  refuse(TRY_AGAIN, "too many calls of kube-ipam wait on this node",
         "of 10 complete plugins 4 work while the others wait for pods, Kubernetes or the store, and this call's turn did not come in time; the runtime tries again; start the agent, which serves all at once");
}

static void wake(int signal_number) { (void)signal_number; }

/* Signals end the wait for a lock, again and again: one that comes just before the wait is lost. */
static void ring(suseconds_t every_microseconds) {
  struct itimerval every = {.it_interval = {.tv_usec = every_microseconds}, .it_value = {.tv_usec = every_microseconds}};
  struct sigaction action = {.sa_handler = wake};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &every, NULL);
}

/* Whether this call is the first of the queue now; without it (no locks here) nobody waits. */
static int wait_in_queue(int queue, int64_t until) {
  int waited;
  ring(50000);
  do waited = flock(queue, LOCK_EX);
  while (waited != 0 && errno == EINTR && now() < until);
  ring(0);
  if (waited != 0 && errno == EINTR) refuse_turn();
  return waited == 0;
}

/* A runtime asks these one at a time, and within two seconds: a node that waited behind its pods' DELs would look broken. */
static int takes_turns(void) {
  const char *verb = variable("CNI_COMMAND");
  return strcmp(verb, "STATUS") != 0 && strcmp(verb, "VERSION") != 0;
}

static int may_wait_for_others(void) {
  const char *verb = variable("CNI_COMMAND");
  return strcmp(verb, "ADD") == 0 || strcmp(verb, "CHECK") == 0 || strcmp(verb, "GC") == 0;
}

/* Opens the lock files of this kind; 0 where there can be none. */
static int open_locks(const char *form, int *files, int count) {
  for (int number = 0; number < count; number++) {
    char name[32];
    snprintf(name, sizeof name, form, number);
    files[number] = open_lock(name);
    if (files[number] < 0) return 0;
  }
  return 1;
}

/* Locks one of the files; negative where others have locked all. */
static int lock_one(const int *files, int count) {
  for (int number = count - 1; number >= 0; number--)
    if (flock(files[number], LOCK_EX | LOCK_NB) == 0) return files[number];
  return -1;
}

/*
 * Takes one of the seats, and one of the places. Their locks pass on to the complete plugin with the files, which
 * alone has them then, and end with that process, however it ends. It leaves its place while it waits, and needs
 * to know which it may take again. Who waits here stands in a queue, a lock as well, so that only the first looks for
 * a seat and a place. Without lock files (a read-only folder) nobody waits.
 */
static void take_place(void) {
  int seats[SEATS], places[PLACES];
  int waits = may_wait_for_others(), seat = -1, place = -1;
  int usable_seats = waits ? SEATS - SEATS_OF_DEL : SEATS, usable_places = waits ? PLACES - PLACES_OF_DEL : PLACES;
  int64_t until = deadline - milliseconds_given() / PART_FOR_PLUGIN;
  int queue = open_lock(waits ? "fallback-queue.lock" : "fallback-queue-del.lock");
  char passed_on[32];
  if (queue < 0 || !open_locks("fallback-seat-%d.lock", seats, usable_seats) ||
      !open_locks("fallback-%d.lock", places, usable_places) || !wait_in_queue(queue, until))
    return;
  for (;;) {
    if (seat < 0) seat = lock_one(seats, usable_seats);
    if (seat >= 0) place = lock_one(places, usable_places);
    if (place >= 0) break;
    if (now() >= until) refuse_turn();
    struct timespec moment = {.tv_nsec = RETRY_PLACE_MS * 1000000};
    nanosleep(&moment, NULL);
  }
  fcntl(seat, F_SETFD, 0);
  fcntl(place, F_SETFD, 0);
  snprintf(passed_on, sizeof passed_on, "%d/%d", place, usable_places);
  setenv("KUBE_IPAM_PLACE", passed_on, 1);
}

/* Becomes the complete plugin, which finds the same stdin and a shorter deadline. */
static void fall_back(void) {
  char path[4096], left[32];
  if (*variable("CNI_COMMAND") != 0 && fallback_is_none())
    refuse(TRY_AGAIN, "the agent of kube-ipam does not answer", "this node has no complete plugin to fall back to; check that the agent runs");
  const char *given = getenv("KUBE_IPAM_FULL");
  if (given != NULL && *given != 0) snprintf(path, sizeof path, "%s", given);
  else if (!beside("kube-ipam.full", path, sizeof path)) *path = 0;
  if (input >= 0) {
    lseek(input, 0, SEEK_SET);
    dup2(input, STDIN_FILENO);
  }
  if (*variable("CNI_COMMAND") != 0) {
    if (takes_turns()) take_place();
    snprintf(left, sizeof left, "%lld", (long long)milliseconds_left());
    setenv("KUBE_IPAM_DEADLINE_MS", left, 1);
  }
  execve(path, arguments, environ);
  refuse(TRY_AGAIN, "the agent of kube-ipam does not answer, and the complete plugin cannot be executed",
         "start the agent, or put the executable beside this file as kube-ipam.full");
}

/* ---- stdin, into a memory file: it is read once and may be needed twice ---- */

static int readable_until(int64_t end) {
  struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
  for (;;) {
    int64_t left = end - now();
    int ready = poll(&wait, 1, left > 0 ? (int)left : 0);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

/* Whether all of a JSON value has come: each bracket outside of strings is closed. Takes each piece once. */
static int is_whole(const char *piece, size_t size) {
  static int depth, begun, quoted, escaped;
  for (size_t at = 0; at < size; at++) {
    char each = piece[at];
    if (escaped) escaped = 0;
    else if (quoted) escaped = each == '\\', quoted = each != '"';
    else if (each == '"') quoted = 1;
    else if (each == '{' || each == '[') depth++, begun = 1;
    else if (each == '}' || each == ']') depth--;
  }
  return begun && depth <= 0;
}

/* A stdin that cannot be read is left to the complete plugin, which says why. */
static void read_input(void) {
  static char buffer[65536];
  int asks_version = strcmp(variable("CNI_COMMAND"), "VERSION") == 0;
  int64_t end = asks_version ? now() + VERSION_STDIN_MS : deadline;
  int file = memfd_create("stdin", MFD_CLOEXEC);
  int whole = 0;
  if (file < 0) fall_back();
  for (;;) {
    /* Some callers keep it open: a whole configuration is enough, and VERSION needs none. */
    if (!readable_until(whole ? 0 : end)) {
      if (whole || asks_version) break;
      refuse(DECODE, "stdin did not end in time",
             "expected the network configuration, one complete JSON object, and then the end of stdin");
    }
    ssize_t count = read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && input_size == 0) {
      close(file);
      if (fallback_is_none()) refuse(INPUT_OUTPUT, "stdin cannot be read", "expected the network configuration on stdin");
      fall_back();
    }
    if (count <= 0) break;
    if (write(file, buffer, (size_t)count) != count) refuse(INPUT_OUTPUT, "stdin cannot be kept", "this node is out of memory");
    input_size += (size_t)count;
    if (input_size > MOST_INPUT) refuse(INPUT_OUTPUT, "stdin cannot be read", "it is larger than 16 MiB");
    whole = is_whole(buffer, (size_t)count);
  }
  input = file;
}

/* ---- frames ---- */

static void put_number(unsigned char *at, uint32_t number) {
  for (int byte = 0; byte < 4; byte++) at[byte] = (unsigned char)(number >> (24 - 8 * byte));
}

static uint32_t get_number(const unsigned char *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void add_variable(const char *text) {
  size_t size = strlen(text);
  if (size + FIELD_HEADER > sizeof fields - fields_size - FIELD_HEADER) fall_back();
  fields[fields_size] = ENV;
  put_number(fields + fields_size + 1, (uint32_t)size);
  memcpy(fields + fields_size + FIELD_HEADER, text, size);
  fields_size += FIELD_HEADER + size;
}

static void send_all(int agent, const void *bytes, size_t size) {
  for (size_t sent = 0; sent < size;) {
    ssize_t count = send(agent, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fall_back();
    sent += (size_t)count;
  }
}

/* The parameters of CNI and the deadline, never the whole environment, then stdin. */
static void send_request(int agent) {
  char left[64];
  for (char **each = environ; *each != NULL; each++)
    if (strncmp(*each, "CNI_", 4) == 0) add_variable(*each);
  snprintf(left, sizeof left, "KUBE_IPAM_DEADLINE_MS=%lld", (long long)milliseconds_left());
  add_variable(left);
  fields[fields_size] = STDIN;
  put_number(fields + fields_size + 1, (uint32_t)input_size);
  fields_size += FIELD_HEADER;
  size_t size = fields_size - FRAME_HEADER + input_size;
  if (input_size > MOST_REQUEST || size > MOST_REQUEST) fall_back();
  fields[0] = VERSION;
  fields[1] = REQUEST;
  put_number(fields + 2, (uint32_t)size);
  send_all(agent, fields, fields_size);
  if (input_size == 0) return;
  void *text = mmap(NULL, input_size, PROT_READ, MAP_PRIVATE, input, 0);
  if (text == MAP_FAILED) fall_back();
  send_all(agent, text, input_size);
}


static int64_t patience(void) {
  static int64_t silence;
  if (silence == 0) silence = fallback_is_none() ? LONG_SILENCE_MS : silence_worth_waiting();
  return silence;
}

static void receive(int agent, unsigned char *bytes, size_t size) {
  for (size_t got = 0; got < size;) {
    struct pollfd wait = {.fd = agent, .events = POLLIN};
    int64_t left = deadline + GRACE_MS - now();
    if (left <= 0) refuse(TRY_AGAIN, "the agent of kube-ipam did not answer in time", "it undoes or keeps what it was doing; try again");
    int64_t silence = patience();
    if (poll(&wait, 1, (int)(left < silence ? left : silence)) == 0) {
      if (now() < deadline) fall_back();
      continue;
    }
    ssize_t count = recv(agent, bytes + got, size - got, MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) fall_back();
    got += (size_t)count;
  }
}

/* The answer's fields, its size returned. Frames and fields that we do not know are passed over. */
static size_t receive_answer(int agent) {
  unsigned char header[FRAME_HEADER];
  for (;;) {
    receive(agent, header, sizeof header);
    size_t size = get_number(header + 2);
    if (header[0] != VERSION || size > sizeof answer) fall_back();
    receive(agent, answer, size);
    if (header[1] == ANSWER) return size;
  }
}

/* The agent ends the connection when it has undone what could not be printed. */
static void await_undo(int agent) {
  int64_t until = now() + UNDO_MS;
  struct pollfd wait = {.fd = agent, .events = POLLIN};
  unsigned char ignored;
  while (now() < until && poll(&wait, 1, (int)(until - now())) > 0)
    if (recv(agent, &ignored, 1, MSG_DONTWAIT) <= 0) return;
}

static int print_answer(int agent, size_t size) {
  unsigned char report[FRAME_HEADER] = {VERSION, ACKNOWLEDGEMENT};
  const unsigned char *text = NULL, *code = NULL;
  size_t text_size = 0, at = 0;
  while (size - at >= FIELD_HEADER) {
    const unsigned char *value = answer + at + FIELD_HEADER;
    size_t length = get_number(answer + at + 1);
    if (length > size - at - FIELD_HEADER) fall_back();
    if (answer[at] == STDOUT) text = value, text_size = length;
    if (answer[at] == EXIT_CODE && length == 1) code = value;
    at += FIELD_HEADER + length;
  }
  if (at != size || code == NULL) fall_back();
  int printed = text == NULL || print_all((const char *)text, text_size);
  if (!printed) report[1] = UNPRINTED;
  /* Only a connection that ends without this undoes an ADD. An agent that died undoes nothing. */
  send(agent, report, sizeof report, MSG_NOSIGNAL);
  if (printed) return *code;
  await_undo(agent);
  return 1;
}

/* ---- the agent's socket ---- */

static void wait_a_moment(void) {
  struct timespec moment = {.tv_nsec = 2000000};
  nanosleep(&moment, NULL);
}

/* Never one of the first three, even where the runtime closed them. */
static int open_socket(void) {
  int low = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int agent = low < 0 || low > STDERR_FILENO ? low : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (agent != low) close(low);
  return agent;
}

static int connect_agent(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int64_t silence = silence_worth_waiting();
  struct timeval sending = {.tv_sec = silence / 1000, .tv_usec = silence % 1000 * 1000};
  const char *path = agent_socket();
  int64_t until = now() + (fallback_is_none() ? LONG_SILENCE_MS : CONNECT_MS);
  int agent = open_socket();
  if (agent < 0 || strlen(path) >= sizeof address.sun_path) fall_back();
  strcpy(address.sun_path, path);
  fcntl(agent, F_SETFL, O_NONBLOCK);
  while (connect(agent, (struct sockaddr *)&address, sizeof address) != 0) {
    /* EAGAIN: more callers than the agent has taken up yet. */
    if ((errno != EAGAIN && errno != EINTR) || now() >= until || now() >= deadline) fall_back();
    wait_a_moment();
  }
  fcntl(agent, F_SETFL, 0);
  setsockopt(agent, SOL_SOCKET, SO_SNDTIMEO, &sending, sizeof sending);
  return agent;
}

int main(int count, char **given) {
  (void)count;
  /* A stdout without a reader is an error to report, not the end. The plugin sets this too. */
  signal(SIGPIPE, SIG_IGN);
  arguments = given;
  deadline = now() + milliseconds_given();
  /* Started by hand: the complete program has a command line. */
  if (*variable("CNI_COMMAND") == 0) fall_back();
  read_input();
  int agent = connect_agent();
  send_request(agent);
  return print_answer(agent, receive_answer(agent));
}
