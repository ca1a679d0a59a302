/* The load generator: publishes through one connection, receives through thousands.
 *
 * It knows WebSocket framing and nothing else. What is sent (upgrade requests, first frames,
 * publications) comes ready-made in a file of byte strings; what counts as a publication, a ping
 * or "ready" comes as arguments. So one program serves every protocol the benchmark speaks.
 *
 * usage: generator HOST PORT BYTES name=value...   (see struct options)
 * stdin: open N INFLIGHT SECONDS | closed OUTSTANDING SECONDS STRIDE
 *        | rate PER_SECOND SECONDS STRIDE | idle SECONDS | storm SECONDS DROP_OURSELVES | quit
 * stdout: one JSON object a line, "event":"progress" while a command runs and "done" at its end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { INBOX = 1 << 20, CHUNK = 256 << 10, SLOTS = 64 * 60, EVENTS = 512, STAMP_DIGITS = 19 };
enum { MS = 1000000, SECOND = 1000000000 };
enum { REPORT_EVERY = 250 * MS, ATTEMPT_TIMEOUT_S = 10, DRAIN_LIMIT_S = 10, QUIET_LIMIT_S = 2 };

enum state { CLOSED, CONNECTING, UPGRADING, GREETING, READY, WAITING };

struct bytes { char *at; uint32_t size; };
struct list { struct bytes *items; uint32_t count; };

struct client {
    int fd;
    uint8_t state, tries;
    uint32_t carried;            /* bytes of an incomplete frame, in `carry` */
    char *carry;
    uint64_t since, retry_at;
};

static struct options {
    const char *prefix, *ready, *refused, *ping, *pong, *after, *feed_host;
    long min, lines, ports, fanout, sources, feed_port;
} opt = { "", "", "\"error\":", "", "", "", "127.0.0.1", 0, 0, 1, 1, 1, 0 };

static struct list requests, hellos, prefaces, publications;
static struct client *clients;
static uint32_t client_count, ready_count, open_count, waiting_count, in_flight;
static struct sockaddr_in server;
static int poller, feed = -1;
static char *inbox, *outbox;
static size_t outbox_size, outbox_sent, outbox_room;
static uint64_t published, delivered, expected, last_delivery;
static uint64_t failed, refused, lost_connections, recovered;
static uint32_t stride = 1, until_sample = 1, slots[SLOTS];
static uint64_t slowest;
static unsigned close_code;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "generator: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- samples: a histogram of microseconds with 64 steps per power of two ---- */

static void sample(uint64_t nanoseconds) {
    uint64_t us = nanoseconds / 1000;
    unsigned power = us < 128 ? 0 : 57 - (unsigned)__builtin_clzll(us);
    unsigned slot = 64 * power + (unsigned)(us >> power);
    slots[slot < SLOTS ? slot : SLOTS - 1]++;
    if (us > slowest) slowest = us;
}

static void print_samples(void) {
    const char *comma = "";
    printf("\"slowest\":%llu,\"histogram\":[", (unsigned long long)slowest);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (!slots[i]) continue;
        printf("%s[%u,%u]", comma, i, slots[i]);
        slots[i] = 0;
        comma = ",";
    }
    printf("]");
}

/* ---- the feed: one connection, publications with the time written into them ---- */

static void feed_flush(void) {
    while (outbox_sent < outbox_size) {
        ssize_t n = send(feed, outbox + outbox_sent, outbox_size - outbox_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) die("the feed's connection ended");
        outbox_sent += (size_t)n;
    }
    outbox_size = outbox_sent = 0;
}

static void feed_bytes(const char *at, size_t size) {
    if (outbox_size + size > outbox_room) {
        outbox_room = 2 * (outbox_size + size);
        if (!(outbox = realloc(outbox, outbox_room))) die("memory");
    }
    memcpy(outbox + outbox_size, at, size);
    outbox_size += size;
}

static void publish(uint64_t stamp) {
    struct bytes *publication = &publications.items[published % publications.count];
    char digits[STAMP_DIGITS + 1];
    char *place = memmem(publication->at, publication->size, "T=", 2);
    if (place) {
        snprintf(digits, sizeof digits, "%0*llu", STAMP_DIGITS, (unsigned long long)stamp);
        memcpy(place + 2, digits, STAMP_DIGITS);
    }
    feed_bytes(publication->at, publication->size);
    published++;
    expected += (uint64_t)opt.fanout;
}

static void feed_drain(void) {
    char answers[16384];
    ssize_t n = recv(feed, answers, sizeof answers, 0);
    if (n == 0) die("the feed's connection was closed");
    if (n > 9 && !memcmp(answers, "HTTP/1.1 ", 9) && answers[9] != '2') refused++;
}

static void feed_open(void) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)opt.feed_port) };
    int one = 1;
    if (!opt.feed_port) return;
    inet_pton(AF_INET, opt.feed_host, &to.sin_addr);
    feed = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(feed, (struct sockaddr *)&to, sizeof to)) die("connecting the feed");
    fcntl(feed, F_SETFL, O_NONBLOCK);
    setsockopt(feed, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = UINT32_MAX };
    epoll_ctl(poller, EPOLL_CTL_ADD, feed, &event);
    for (uint32_t i = 0; i < prefaces.count; i++)
        feed_bytes(prefaces.items[i].at, prefaces.items[i].size);
    feed_flush();
}

/* ---- one client ---- */

static void client_gone(struct client *c, bool back_off) {
    if (c->state == CONNECTING || c->state == UPGRADING || c->state == GREETING) in_flight--;
    if (c->state == READY) { ready_count--; lost_connections++; }
    if (c->fd >= 0) { close(c->fd); open_count--; }
    free(c->carry);
    c->carry = NULL;
    c->carried = 0;
    c->fd = -1;
    c->state = CLOSED;
    if (back_off) {              /* as the client library: full jitter, 500 ms to 20 s */
        uint64_t span = 500ull * MS << (c->tries < 6 ? c->tries : 6);
        uint64_t wait = 500ull * MS + (uint64_t)(drand48() * (double)span);
        c->retry_at = now() + (wait > 20ull * SECOND ? 20ull * SECOND : wait);
        c->tries += c->tries < 200;
        c->state = WAITING;
        waiting_count++;
    }
}

static void client_send(struct client *c, const char *at, size_t size) {
    /* Small writes to a fresh or idle socket: they fit into its buffer, or the peer is broken. */
    if (send(c->fd, at, size, MSG_NOSIGNAL) != (ssize_t)size) failed++;
}

static void client_open(uint32_t index) {
    struct client *c = &clients[index];
    struct sockaddr_in from = { .sin_family = AF_INET };
    int one = 1;
    struct linger reset = { 1, 0 };  /* no TIME_WAIT: the next run needs the port */
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("opening a socket (raise the limit of open files)");
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (opt.sources > 1) {       /* one address has about 28,000 outgoing ports */
        setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index % (uint32_t)opt.sources);
        if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) die("binding a loopback address");
    }
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT, .data.u32 = index };
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
    c->state = CONNECTING;
    c->since = now();
    in_flight++;
    open_count++;
    struct sockaddr_in to = server;   /* nodes side by side listen on ports side by side */
    to.sin_port = htons((uint16_t)(ntohs(server.sin_port) + index % (uint32_t)opt.ports));
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
        failed++;
        client_gone(c, true);
    }
}

static void client_greet(struct client *c, uint32_t index) {
    if (hellos.count) {
        struct bytes *hello = &hellos.items[index % hellos.count];
        client_send(c, hello->at, hello->size);
    }
}

static void client_is_ready(struct client *c) {
    c->state = READY;
    c->tries = 0;
    in_flight--;
    ready_count++;
    sample(now() - c->since);
}

/* ---- what a client receives ---- */

static inline bool starts(const char *at, size_t size, const char *with) {
    size_t n = strlen(with);
    return size >= n && !memcmp(at, with, n);
}

static inline bool has(const char *at, size_t size, const char *what) {
    return *what && memmem(at, size, what, strlen(what)) != NULL;
}

static void on_answer(struct client *c, uint32_t index, const char *at, size_t size) {
    if (*opt.after && starts(at, size, opt.after)) client_greet(c, index);
    else if (has(at, size, opt.refused)) refused++;
    else if (has(at, size, opt.ready) && c->state == GREETING) {
        if (has(at, size, "\"recovered\":true")) recovered++;
        client_is_ready(c);
    }
}

static void on_message(struct client *c, uint32_t index, const char *at, size_t size) {
    if (size >= (size_t)opt.min && starts(at, size, opt.prefix)) {
        delivered++;
        if (--until_sample) return;
        until_sample = stride;
        const char *place = memmem(at, size, "T=", 2);
        if (place) sample(now() - strtoull(place + 2, NULL, 10));
    } else if (*opt.ping && size == strlen(opt.ping) && starts(at, size, opt.ping)) {
        char frame[16] = { (char)0x81, (char)(0x80 | strlen(opt.pong)), 0, 0, 0, 0 };
        memcpy(frame + 6, opt.pong, strlen(opt.pong));
        client_send(c, frame, 6 + strlen(opt.pong));
    } else if (c->state == GREETING) on_answer(c, index, at, size);
}

static void on_text(struct client *c, uint32_t index, const char *at, size_t size) {
    if (!opt.lines) { on_message(c, index, at, size); return; }
    for (const char *end = at + size; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        on_message(c, index, at, (size_t)(stop - at));
        at = stop + 1;
    }
}

/* Consumes whole frames; answers how many bytes they took, or -1 to end the connection. */
static ssize_t on_frames(struct client *c, uint32_t index, char *at, size_t size) {
    size_t used = 0;
    while (size - used >= 2) {
        const uint8_t *head = (const uint8_t *)at + used;
        size_t header = 2, length = head[1];
        if (length > 127) return -1;  /* a masked frame does not come from a server */
        if (length == 126) { header = 4; }
        if (length == 127) { header = 10; }
        if (size - used < header) break;
        if (header == 4) length = (size_t)head[2] << 8 | head[3];
        if (header == 10) {
            length = 0;
            for (int i = 2; i < 10; i++) length = length << 8 | head[i];
        }
        if (length > INBOX / 2) return -1;
        if (size - used < header + length) break;
        int opcode = head[0] & 15;
        if (opcode == 8) {
            close_code = length >= 2 ? (unsigned)head[header] << 8 | head[header + 1] : 1005;
            return -1;
        }
        if (opcode == 9) client_send(c, "\x8a\x80\0\0\0\0", 6);
        if (opcode <= 2) on_text(c, index, at + used + header, length);
        used += header + length;
    }
    return (ssize_t)used;
}

static ssize_t on_upgrade(struct client *c, uint32_t index, char *at, size_t size) {
    char *end = memmem(at, size, "\r\n\r\n", 4);
    if (!end) return size > 16384 ? -1 : 0;
    if (size < 12 || memcmp(at + 8, " 101", 4)) { refused++; return -1; }
    c->state = GREETING;
    if (!*opt.after) client_greet(c, index);
    if (!*opt.ready) client_is_ready(c);
    return end + 4 - at;
}

static void client_readable(struct client *c, uint32_t index) {
    size_t size = c->carried;
    memcpy(inbox, c->carry ? c->carry : inbox, size);
    ssize_t n = recv(c->fd, inbox + size, CHUNK, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) { failed += c->state != READY; client_gone(c, true); return; }
    size += (size_t)n;
    size_t used = 0;
    ssize_t taken = 0;
    uint64_t before = delivered;
    if (c->state == UPGRADING && (taken = on_upgrade(c, index, inbox, size)) > 0)
        used = (size_t)taken;
    if (taken >= 0 && c->state >= GREETING && c->state != WAITING) {
        taken = on_frames(c, index, inbox + used, size - used);
        used += taken > 0 ? (size_t)taken : 0;
    }
    if (delivered != before) last_delivery = now();
    if (taken < 0) { failed += c->state != READY; client_gone(c, true); return; }
    uint32_t rest = (uint32_t)(size - used);
    if (rest && !(c->carry = realloc(c->carry, rest))) die("memory");
    if (rest) memcpy(c->carry, inbox + used, rest);
    else { free(c->carry); c->carry = NULL; }
    c->carried = rest;
}

static void client_writable(struct client *c, uint32_t index) {
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };
    struct bytes *request = &requests.items[index % requests.count];
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
    c->state = UPGRADING;
    client_send(c, request->at, request->size);
}

/* ---- the loop and the commands ---- */

static uint64_t next_report, phase_start, user_start, system_start;

static uint64_t cpu(bool of_system) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    struct timeval t = of_system ? u.ru_stime : u.ru_utime;
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

static void report(const char *event, uint64_t window, uint64_t in_window) {
    uint64_t t = now();
    uint64_t busy = last_delivery > phase_start ? last_delivery - phase_start : 0;
    printf("{\"event\":\"%s\",\"elapsed\":%.6f,\"window\":%.6f,\"busy\":%.6f,\"ready\":%u,",
           event, (double)(t - phase_start) / SECOND, (double)window / SECOND,
           (double)busy / SECOND, ready_count);
    printf("\"published\":%llu,\"delivered\":%llu,\"expected\":%llu,\"in_window\":%llu,",
           (unsigned long long)published, (unsigned long long)delivered,
           (unsigned long long)expected, (unsigned long long)in_window);
    printf("\"failed\":%llu,\"refused\":%llu,\"lost_connections\":%llu,\"recovered\":%llu,",
           (unsigned long long)failed, (unsigned long long)refused,
           (unsigned long long)lost_connections, (unsigned long long)recovered);
    printf("\"close_code\":%u,", close_code);
    printf("\"cpu_user\":%.6f,\"cpu_system\":%.6f,", (double)(cpu(false) - user_start) / 1e6,
           (double)(cpu(true) - system_start) / 1e6);
    print_samples();
    puts("}");
    fflush(stdout);
}

static void phase_begin(uint32_t every) {
    published = delivered = expected = failed = refused = 0;
    lost_connections = recovered = slowest = last_delivery = 0;
    close_code = 0;
    memset(slots, 0, sizeof slots);
    stride = until_sample = every;
    user_start = cpu(false);
    system_start = cpu(true);
    phase_start = now();
    next_report = phase_start + REPORT_EVERY;
}

/* Waits for events at most until `until`, handles them, reports progress when it is due. */
static void turn(uint64_t until) {
    struct epoll_event events[EVENTS];
    uint64_t t = now();
    uint64_t limit = next_report < until ? next_report : until;
    if (waiting_count && limit > t + 10 * MS) limit = t + 10 * MS;
    struct timespec wait = { 0, limit > t ? (long)(limit - t < SECOND ? limit - t : SECOND - 1) : 0 };
    int count = epoll_pwait2(poller, events, EVENTS, &wait, NULL);
    for (int i = 0; i < count; i++) {
        uint32_t index = events[i].data.u32;
        if (index == UINT32_MAX) { feed_drain(); continue; }
        struct client *c = &clients[index];
        if (c->fd < 0) continue;
        if (c->state == CONNECTING && events[i].events & EPOLLOUT
            && !(events[i].events & (EPOLLERR | EPOLLHUP)))
            client_writable(c, index);
        else client_readable(c, index);
    }
    if ((t = now()) >= next_report) {
        report("progress", 0, 0);
        next_report = t + REPORT_EVERY;
    }
}

/* Opens what is closed or has waited long enough, at most `most` handshakes at once. */
static void reopen(uint32_t most) {
    static uint32_t cursor;
    uint64_t t = now();
    for (uint32_t n = 0; n < client_count && in_flight < most; n++) {
        uint32_t index = cursor++ % client_count;
        struct client *c = &clients[index];
        if (c->state == WAITING && c->retry_at <= t) { waiting_count--; c->state = CLOSED; }
        if (c->state == CLOSED) client_open(index);
    }
    for (uint32_t i = 0; i < client_count && in_flight; i++) {
        struct client *c = &clients[i];
        bool trying = c->state == CONNECTING || c->state == UPGRADING || c->state == GREETING;
        if (trying && c->since + ATTEMPT_TIMEOUT_S * (uint64_t)SECOND < t) {
            failed++;
            client_gone(c, true);
        }
    }
}

static void command_open(uint32_t count, uint32_t most, double seconds) {
    clients = realloc(clients, count * sizeof *clients);
    if (!clients) die("memory");
    for (uint32_t i = client_count; i < count; i++)
        clients[i] = (struct client){ .fd = -1, .state = CLOSED };
    client_count = count;
    phase_begin(1);
    uint64_t limit = phase_start + (uint64_t)(seconds * SECOND);
    while (ready_count < client_count && now() < limit) {
        reopen(most);
        turn(now() + 50 * MS);
    }
    report("done", now() - phase_start, 0);
}

/* After the last publication: until everything came, or nothing more does. */
static void drain(uint64_t stopped, uint64_t in_window) {
    uint64_t limit = now() + DRAIN_LIMIT_S * (uint64_t)SECOND;
    uint64_t quiet = now(), before = delivered;
    while (delivered < expected && now() < limit) {
        feed_flush();
        turn(now() + 50 * MS);
        if (delivered != before) { before = delivered; quiet = now(); }
        if (now() - quiet > QUIET_LIMIT_S * (uint64_t)SECOND) break;
    }
    report("done", stopped - phase_start, in_window);
}

static void command_closed(uint32_t outstanding, double seconds, uint32_t every) {
    int64_t allowed = (int64_t)outstanding * opt.fanout;
    phase_begin(every);
    uint64_t limit = phase_start + (uint64_t)(seconds * SECOND);
    while (now() < limit) {
        uint64_t t = now();
        while ((int64_t)(expected - delivered) + opt.fanout <= allowed) publish(t);
        feed_flush();
        turn(limit);
    }
    drain(now(), delivered);
}

static void command_rate(double per_second, double seconds, uint32_t every) {
    uint64_t gap = (uint64_t)(SECOND / per_second);
    phase_begin(every);
    uint64_t due = phase_start + gap, limit = phase_start + (uint64_t)(seconds * SECOND);
    while (now() < limit) {
        /* Stamped with the time it was due, so a stall of ours is not hidden from the figures. */
        for (; due <= now() && due < limit; due += gap) publish(due);
        feed_flush();
        turn(due < limit ? due : limit);
    }
    drain(now(), delivered);
}

static void command_idle(double seconds) {
    phase_begin(1);
    uint64_t limit = phase_start + (uint64_t)(seconds * SECOND);
    while (now() < limit) turn(limit);
    report("done", now() - phase_start, 0);
}

/* Everybody is cut off at once (by us, or by the death of the server) and comes back. */
static void command_storm(double seconds, bool drop_ourselves) {
    phase_begin(1);
    uint64_t limit = phase_start + (uint64_t)(seconds * SECOND);
    bool down = drop_ourselves;
    for (uint32_t i = 0; drop_ourselves && i < client_count; i++) client_gone(&clients[i], true);
    while (now() < limit) {
        down = down || ready_count < client_count;
        if (down && ready_count == client_count && lost_connections >= client_count) break;
        reopen(512);
        turn(now() + 20 * MS);
    }
    report("done", now() - phase_start, 0);
}

/* ---- start ---- */

static uint32_t read_number(FILE *file) {
    uint32_t number;
    if (fread(&number, sizeof number, 1, file) != 1) die("the file of byte strings is too short");
    return number;
}

static struct list read_list(FILE *file) {
    struct list list = { NULL, read_number(file) };
    list.items = calloc(list.count ? list.count : 1, sizeof *list.items);
    for (uint32_t i = 0; i < list.count; i++) {
        list.items[i].size = read_number(file);
        list.items[i].at = malloc(list.items[i].size + 1);
        if (fread(list.items[i].at, 1, list.items[i].size, file) != list.items[i].size)
            die("the file of byte strings is too short");
    }
    return list;
}

static void read_option(char *argument) {
    struct { const char *name; const char **text; long *number; } known[] = {
        { "prefix", &opt.prefix, NULL }, { "ready", &opt.ready, NULL },
        { "refused", &opt.refused, NULL }, { "ping", &opt.ping, NULL },
        { "pong", &opt.pong, NULL }, { "after", &opt.after, NULL },
        { "feed_host", &opt.feed_host, NULL }, { "feed_port", NULL, &opt.feed_port },
        { "min", NULL, &opt.min }, { "lines", NULL, &opt.lines },
        { "ports", NULL, &opt.ports }, { "fanout", NULL, &opt.fanout },
        { "sources", NULL, &opt.sources },
    };
    char *value = strchr(argument, '=');
    if (!value) die(argument);
    *value++ = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(argument, known[i].name)) continue;
        if (known[i].text) *known[i].text = value;
        else *known[i].number = atol(value);
        return;
    }
    errno = EINVAL;
    die(argument);
}

static bool obey(const char *line) {
    unsigned a, b;
    double x, y;
    if (sscanf(line, "open %u %u %lf", &a, &b, &x) == 3) command_open(a, b, x);
    else if (sscanf(line, "closed %u %lf %u", &a, &x, &b) == 3) command_closed(a, x, b);
    else if (sscanf(line, "rate %lf %lf %u", &x, &y, &a) == 3) command_rate(x, y, a);
    else if (sscanf(line, "idle %lf", &x) == 1) command_idle(x);
    else if (sscanf(line, "storm %lf %u", &x, &a) == 2) command_storm(x, a != 0);
    else return false;
    return true;
}

int main(int argc, char **argv) {
    char line[256];
    if (argc < 4) { fputs("usage: generator HOST PORT BYTES name=value...\n", stderr); return 2; }
    FILE *file = fopen(argv[3], "rb");
    if (!file) die(argv[3]);
    requests = read_list(file);
    hellos = read_list(file);
    prefaces = read_list(file);
    publications = read_list(file);
    fclose(file);
    for (int i = 4; i < argc; i++) read_option(argv[i]);
    if (opt.fanout < 1 || opt.ports < 1) { errno = EINVAL; die("fanout and ports"); }
    server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
    if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) die("the host must be an IPv4 address");
    inbox = malloc(INBOX + CHUNK);
    poller = epoll_create1(0);
    srand48((long)now());
    feed_open();
    while (fgets(line, sizeof line, stdin) && obey(line)) {}
    return 0;
}
