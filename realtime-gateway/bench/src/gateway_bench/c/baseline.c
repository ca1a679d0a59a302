/* The kernel's limit: the least a WebSocket fan-out from Redis pub/sub can cost.
 *
 * A client's path /<n> names its channel: it gets every message of the Redis channel PREFIX<n>
 * as one text frame. No sessions, no tokens, no limits: this is a yardstick, not a server to use.
 *
 * usage: BASELINE_REDIS_PASSWORD=... baseline PORT REDIS_HOST REDIS_PORT PREFIX [--joined]
 * Without --joined: one send() per frame and client. With it: the frames of one read from Redis
 * are joined into one send() per client.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FDS = 1 << 17, MAX_CHANNELS = 1 << 15, REQUEST = 2048, EVENTS = 512 };
enum { PENDING_LIMIT = 64 << 20, READ_SIZE = 1 << 20 };

struct client {
    char *request;               /* the upgrade request, as far as it has come */
    char *pending;               /* what the socket would not take yet */
    uint32_t requested, waiting, place;
    int channel;
    bool upgraded;
};

struct channel {
    int *fds;
    uint32_t count, room;
    char *batch;                 /* frames of the current read, with --joined */
    size_t batched, batch_room;
    bool touched;
};

static struct client *clients[MAX_FDS];
static struct channel channels[MAX_CHANNELS];
static int touched[MAX_CHANNELS], touched_count;
static int poller, listener, redis_fd;
static const char *prefix;
static bool joined;
static char *redis_in, frame[READ_SIZE];
static size_t redis_size;

static void die(const char *what) {
    fprintf(stderr, "baseline: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(int fd, uint32_t events, int operation) {
    struct epoll_event event = { .events = events, .data.fd = fd };
    if (epoll_ctl(poller, operation, fd, &event)) die("epoll_ctl");
}

/* ---- the answer to a WebSocket handshake: base64(SHA-1(key + GUID)), RFC 6455 ---- */

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1_block(uint32_t h[5], const uint8_t *block) {
    uint32_t w[80], v[5];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16
             | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    memcpy(v, h, sizeof v);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20 ? (v[1] & v[2]) | (~v[1] & v[3])
                   : i < 40 || i >= 60 ? v[1] ^ v[2] ^ v[3]
                   : (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
        uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
        uint32_t next = rotate(v[0], 5) + f + v[4] + k + w[i];
        v[4] = v[3]; v[3] = v[2]; v[2] = rotate(v[1], 30); v[1] = v[0]; v[0] = next;
    }
    for (int i = 0; i < 5; i++) h[i] += v[i];
}

static void accept_value(const char key[24], char out[29]) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t block[128] = { 0 }, digest[21] = { 0 };
    uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
    memcpy(block, key, 24);
    memcpy(block + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
    block[60] = 0x80;
    block[126] = 480 >> 8;       /* the length in bits: 60 bytes */
    block[127] = 480 & 255;
    sha1_block(h, block);
    sha1_block(h, block + 64);
    for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    for (int i = 0, o = 0; i < 21; i += 3, o += 4) {
        uint32_t three = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | digest[i + 2];
        for (int j = 0; j < 4; j++) out[o + j] = letters[three >> (18 - 6 * j) & 63];
    }
    out[27] = '=';
    out[28] = 0;
}

/* ---- clients ---- */

static void client_close(int fd) {
    struct client *c = clients[fd];
    if (c->upgraded) {
        struct channel *channel = &channels[c->channel];
        int last = channel->fds[--channel->count];
        channel->fds[c->place] = last;
        clients[last]->place = c->place;
    }
    free(c->request);
    free(c->pending);
    free(c);
    clients[fd] = NULL;
    close(fd);
}

static void client_send(int fd, const char *at, size_t size) {
    struct client *c = clients[fd];
    ssize_t sent = c->waiting ? 0 : send(fd, at, size, MSG_NOSIGNAL);
    if (sent == (ssize_t)size) return;
    if (sent < 0) sent = 0;      /* a broken connection shows as readable next */
    size_t rest = size - (size_t)sent;
    if (c->waiting + rest > PENDING_LIMIT) { shutdown(fd, SHUT_RDWR); return; }
    if (!(c->pending = realloc(c->pending, c->waiting + rest))) die("memory");
    memcpy(c->pending + c->waiting, at + sent, rest);
    if (!c->waiting) watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    c->waiting += (uint32_t)rest;
}

static void client_writable(int fd) {
    struct client *c = clients[fd];
    ssize_t sent = send(fd, c->pending, c->waiting, MSG_NOSIGNAL);
    if (sent < 0) return;
    c->waiting -= (uint32_t)sent;
    memmove(c->pending, c->pending + sent, c->waiting);
    if (c->waiting) return;
    free(c->pending);
    c->pending = NULL;
    watch(fd, EPOLLIN, EPOLL_CTL_MOD);
}

static void redis_subscribe(int channel) {
    char name[256], command[512];
    snprintf(name, sizeof name, "%s%d", prefix, channel);
    int n = snprintf(command, sizeof command, "*2\r\n$9\r\nSUBSCRIBE\r\n$%zu\r\n%s\r\n",
                     strlen(name), name);
    if (send(redis_fd, command, (size_t)n, MSG_NOSIGNAL) != n) die("subscribing");
}

static bool client_upgrade(int fd, struct client *c) {
    char accept[29], answer[256];
    char *key = strcasestr(c->request, "\r\nsec-websocket-key:");
    c->channel = atoi(c->request + 5);   /* "GET /<n> HTTP/1.1" */
    if (!key || c->channel < 0 || c->channel >= MAX_CHANNELS) return false;
    key += 20;
    while (*key == ' ') key++;
    if (strlen(key) < 24) return false;
    accept_value(key, accept);
    struct channel *channel = &channels[c->channel];
    if (channel->count == channel->room) {
        if (!channel->room) redis_subscribe(c->channel);
        channel->room = channel->room ? 2 * channel->room : 1;
        channel->fds = realloc(channel->fds, channel->room * sizeof *channel->fds);
    }
    c->place = channel->count;
    channel->fds[channel->count++] = fd;
    c->upgraded = true;
    free(c->request);
    c->request = NULL;
    int n = snprintf(answer, sizeof answer,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    client_send(fd, answer, (size_t)n);
    return true;
}

static void client_readable(int fd) {
    struct client *c = clients[fd];
    char ignored[4096];
    if (c->upgraded) {           /* pongs and closes: only the end of the connection matters */
        if (recv(fd, ignored, sizeof ignored, 0) <= 0) client_close(fd);
        return;
    }
    if (!c->request && !(c->request = malloc(REQUEST + 1))) die("memory");
    ssize_t n = recv(fd, c->request + c->requested, REQUEST - c->requested, 0);
    if (n <= 0) { client_close(fd); return; }
    c->requested += (uint32_t)n;
    c->request[c->requested] = 0;
    if (strstr(c->request, "\r\n\r\n") ? !client_upgrade(fd, c) : c->requested == REQUEST)
        client_close(fd);
}

static void accept_clients(void) {
    int one = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_FDS || !(clients[fd] = calloc(1, sizeof **clients))) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
}

/* ---- fan-out ---- */

static void to_all(struct channel *channel, const char *at, size_t size) {
    for (uint32_t i = 0; i < channel->count; i++) client_send(channel->fds[i], at, size);
}

static void keep(int index, const char *at, size_t size) {
    struct channel *channel = &channels[index];
    if (channel->batched + size > channel->batch_room) {
        channel->batch_room = 2 * (channel->batched + size);
        if (!(channel->batch = realloc(channel->batch, channel->batch_room))) die("memory");
    }
    memcpy(channel->batch + channel->batched, at, size);
    channel->batched += size;
    if (!channel->touched) touched[touched_count++] = index;
    channel->touched = true;
}

static void flush_batches(void) {
    for (int i = 0; i < touched_count; i++) {
        struct channel *channel = &channels[touched[i]];
        to_all(channel, channel->batch, channel->batched);
        channel->batched = 0;
        channel->touched = false;
    }
    touched_count = 0;
}

static void on_publication(int channel, const char *payload, size_t size) {
    size_t header = 2;
    frame[0] = (char)0x81;
    if (size < 126) frame[1] = (char)size;
    else if (size < 65536) {
        header = 4;
        frame[1] = 126;
        frame[2] = (char)(size >> 8);
        frame[3] = (char)size;
    } else return;
    memcpy(frame + header, payload, size);
    if (joined) keep(channel, frame, header + size);
    else to_all(&channels[channel], frame, header + size);
}

/* ---- Redis: an array of bulk strings or an integer at its end is all that comes ---- */

static char *parse_line(char *at, char *end, long *number) {
    char *newline = memchr(at, '\n', (size_t)(end - at));
    if (!newline) return NULL;
    *number = strtol(at + 1, NULL, 10);
    return newline + 1;
}

/* One reply from `at`: its end, or NULL while it is incomplete. */
static char *redis_reply(char *at, char *end) {
    char *items[3] = { NULL };
    long sizes[3] = { 0 }, count, number;
    if (*at != '*') {
        if (*at == '-') { fprintf(stderr, "baseline: Redis: %.60s\n", at); exit(1); }
        return parse_line(at, end, &number);
    }
    if (!(at = parse_line(at, end, &count))) return NULL;
    for (long i = 0; i < count && i < 3; i++) {
        if (at >= end) return NULL;
        bool bulk = *at == '$';
        if (!(at = parse_line(at, end, &number))) return NULL;
        if (!bulk) continue;
        if (end - at < number + 2) return NULL;
        items[i] = at;
        sizes[i] = number;
        at += number + 2;
    }
    if (sizes[0] == 7 && items[2] && !memcmp(items[0], "message", 7))
        on_publication(atoi(items[1] + strlen(prefix)), items[2], (size_t)sizes[2]);
    return at;
}

static void redis_readable(void) {
    ssize_t n = recv(redis_fd, redis_in + redis_size, READ_SIZE, 0);
    if (n <= 0) die("Redis is gone");
    redis_size += (size_t)n;
    char *at = redis_in, *end = redis_in + redis_size;
    for (char *next; at < end && (next = redis_reply(at, end)); at = next) {}
    redis_size = (size_t)(end - at);
    memmove(redis_in, at, redis_size);
    if (redis_size > READ_SIZE) die("a reply of Redis is too long");
    flush_batches();
}

static int connect_redis(const char *host, int port, const char *password) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    char command[512];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, host, &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof to)) die("connecting to Redis");
    if (!password) return fd;
    int n = snprintf(command, sizeof command, "*2\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n",
                     strlen(password), password);
    if (send(fd, command, (size_t)n, MSG_NOSIGNAL) != n) die("signing in at Redis");
    return fd;
}

static int listen_on(int port) {
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 4096)) die("listening");
    return fd;
}

int main(int argc, char **argv) {
    struct epoll_event events[EVENTS];
    if (argc < 5) {
        fputs("usage: baseline PORT REDIS_HOST REDIS_PORT PREFIX [--joined]\n", stderr);
        return 2;
    }
    prefix = argv[4];
    joined = argc > 5 && !strcmp(argv[5], "--joined");
    redis_in = malloc(2 * READ_SIZE);
    poller = epoll_create1(0);
    redis_fd = connect_redis(argv[2], atoi(argv[3]), getenv("BASELINE_REDIS_PASSWORD"));
    listener = listen_on(atoi(argv[1]));
    watch(redis_fd, EPOLLIN, EPOLL_CTL_ADD);
    watch(listener, EPOLLIN, EPOLL_CTL_ADD);
    for (;;) {
        int count = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == redis_fd) redis_readable();
            else if (fd == listener) accept_clients();
            else if (clients[fd] && events[i].events & EPOLLOUT) client_writable(fd);
            else if (clients[fd]) client_readable(fd);
        }
    }
}
