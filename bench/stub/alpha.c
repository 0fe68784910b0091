/* Stands in for alphas under load: gRPC and HTTP answers that never change, from one thread.
 *
 *   alpha FOLDER GRPC:HTTP [GRPC:HTTP ...]
 *
 * FOLDER/answer is the protobuf message that every call gets, FOLDER/version the one that a call with
 * an empty message gets, which only CheckVersion is. FOLDER/0/health is what the first alpha answers to
 * GET /health over HTTP, after which the connection is closed, as an alpha closes it.
 * Headers of requests are not decoded: no answer depends on them, and they cost the stub nothing.
 * A stream's own window is taken to hold one answer; the connection's is kept.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ = 1 << 16, FIELDS = 64, STREAMS = 4096, PREFACE = 24, EVENTS = 256 };

struct bytes {
    uint8_t *at;
    size_t size, room;
};

struct end {
    int fd, alpha, http, listener;
    int greeted, waits_to_write;
    uint8_t in[READ];
    size_t have;
    struct bytes out;
    size_t written;
    int64_t window;
    uint32_t *held; /* streams whose answer waits for window */
    size_t holding, held_room;
    uint32_t taken; /* bytes of DATA that the peer gets back as window */
    uint32_t got[STREAMS];
};

static const char *folder;
static struct bytes answer, version;
static int poller;

static void add(struct bytes *to, const void *from, size_t size) {
    if (to->size + size > to->room) {
        to->room = (to->size + size) * 2;
        to->at = realloc(to->at, to->room);
        if (!to->at) abort();
    }
    memcpy(to->at + to->size, from, size);
    to->size += size;
}

static void add_frame(struct bytes *to, int type, int flags, uint32_t stream, const void *body, size_t size) {
    uint8_t head[9] = {size >> 16, size >> 8, size, type, flags, stream >> 24, stream >> 16, stream >> 8, stream};
    add(to, head, 9);
    add(to, body, size);
}

static struct bytes file(const char *path) {
    struct bytes found = {0};
    uint8_t piece[4096];
    FILE *from = fopen(path, "rb");
    if (!from) return found;
    for (size_t n; (n = fread(piece, 1, sizeof piece, from));) add(&found, piece, n);
    fclose(from);
    return found;
}

/* A message with its gRPC prefix. */
static struct bytes message(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    struct bytes made = {0}, body = file(path);
    uint8_t prefix[5] = {0, body.size >> 24, body.size >> 16, body.size >> 8, body.size};
    add(&made, prefix, 5);
    if (body.size) add(&made, body.at, body.size);
    free(body.at);
    return made;
}

static void answer_stream(struct end *end, uint32_t stream, const struct bytes *body) {
    static const uint8_t head[] = "\x88\x0f\x10\x10" "application/grpc";
    static const uint8_t trailer[] = "\x00\x0bgrpc-status\x01" "0";
    add_frame(&end->out, 1, 4, stream, head, sizeof head - 1);
    add_frame(&end->out, 0, 0, stream, body->at, body->size);
    add_frame(&end->out, 1, 5, stream, trailer, sizeof trailer - 1);
    end->window -= body->size;
}

static void ended(struct end *end, uint32_t stream) {
    uint32_t *got = &end->got[stream / 2 % STREAMS];
    int empty = *got <= 5;
    *got = 0;
    if (empty) {
        answer_stream(end, stream, &version);
    } else if (end->window >= (int64_t)answer.size && !end->holding) {
        answer_stream(end, stream, &answer);
    } else {
        if (end->holding == end->held_room) {
            end->held_room = end->held_room * 2 + 64;
            end->held = realloc(end->held, end->held_room * sizeof *end->held);
            if (!end->held) abort();
        }
        end->held[end->holding++] = stream;
    }
}

static void widened(struct end *end, uint32_t by) {
    size_t done = 0;
    end->window += by;
    while (done < end->holding && end->window >= (int64_t)answer.size)
        answer_stream(end, end->held[done++], &answer);
    if (done) memmove(end->held, end->held + done, (end->holding -= done) * sizeof *end->held);
}

static uint32_t number(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static void frame(struct end *end, int type, int flags, uint32_t stream, const uint8_t *body, uint32_t size) {
    if (type == 0) {
        end->taken += size;
        end->got[stream / 2 % STREAMS] += size;
    }
    if (type <= 1 && flags & 1) ended(end, stream);
    else if (type == 4 && !(flags & 1)) add_frame(&end->out, 4, 1, 0, "", 0);
    else if (type == 6 && !(flags & 1)) add_frame(&end->out, 6, 1, 0, body, size);
    else if (type == 8 && !stream) widened(end, number(body) & 0x7fffffff);
}

/* Take what came as frames; 0 when the peer speaks something else. */
static int heard(struct end *end) {
    size_t at = 0;
    if (!end->greeted) {
        static const uint8_t settings[] = {0, 3, 0, 0, 3, 232}; /* 1,000 streams, as an alpha allows */
        if (end->have < PREFACE) return 1;
        if (memcmp(end->in, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", PREFACE)) return 0;
        end->greeted = 1, at = PREFACE, end->window = 65535;
        add_frame(&end->out, 4, 0, 0, settings, sizeof settings);
    }
    while (end->have - at >= 9) {
        const uint8_t *head = end->in + at;
        uint32_t size = number(head) >> 8;
        if (size > READ - 9) return 0;
        if (end->have - at < 9 + size) break;
        frame(end, head[3], head[4], number(head + 5) & 0x7fffffff, head + 9, size);
        at += 9 + size;
    }
    memmove(end->in, end->in + at, end->have -= at);
    if (end->taken) {
        uint8_t by[4] = {end->taken >> 24, end->taken >> 16, end->taken >> 8, end->taken};
        add_frame(&end->out, 8, 0, 0, by, 4);
        end->taken = 0;
    }
    return 1;
}

/* Answer one HTTP request with the file of that name; 0 when all of it is written. */
static int served(struct end *end) {
    char path[512], name[FIELDS] = "", head[160];
    if (end->have == READ) return 0;
    end->in[end->have] = 0;
    if (!strstr((char *)end->in, "\r\n\r\n")) return 1;
    sscanf((char *)end->in, "GET /%63[a-z]", name);
    snprintf(path, sizeof path, "%s/%d/%s", folder, end->alpha, name);
    struct bytes body = file(path);
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                        "Connection: close\r\n\r\n", body.size ? "200 OK" : "404 Not Found", body.size);
    if (write(end->fd, head, size) < 0 || (body.size && write(end->fd, body.at, body.size) < 0)) errno = 0;
    free(body.at);
    return 0;
}

static int written(struct end *end) {
    while (end->written < end->out.size) {
        ssize_t n = write(end->fd, end->out.at + end->written, end->out.size - end->written);
        if (n < 0 && errno != EAGAIN) return 0;
        if (n < 0) break;
        end->written += n;
    }
    int more = end->written < end->out.size;
    if (!more) end->written = end->out.size = 0;
    if (more != end->waits_to_write) {
        struct epoll_event wish = {.events = EPOLLIN | (more ? EPOLLOUT : 0), .data.ptr = end};
        epoll_ctl(poller, EPOLL_CTL_MOD, end->fd, &wish);
        end->waits_to_write = more;
    }
    return 1;
}

static int turn(struct end *end, uint32_t events) {
    if (events & EPOLLOUT && !written(end)) return 0;
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return 1;
    ssize_t n = read(end->fd, end->in + end->have, READ - end->have - (end->http ? 1 : 0));
    if (n < 0 && errno == EAGAIN) return 1;
    if (n <= 0) return 0;
    end->have += n;
    if (end->http) return served(end);
    return heard(end) && written(end);
}

static void watch(struct end *end) {
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = end};
    epoll_ctl(poller, EPOLL_CTL_ADD, end->fd, &wish);
}

static void greet(const struct end *listener) {
    int one = 1, fd = accept4(listener->fd, 0, 0, SOCK_NONBLOCK);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct end *end = calloc(1, sizeof *end);
    if (!end) abort();
    end->fd = fd, end->alpha = listener->alpha, end->http = listener->http;
    watch(end);
}

static void listen_on(int port, int alpha, int http) {
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct end *end = calloc(1, sizeof *end);
    int one = 1;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!end) abort();
    end->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    end->alpha = alpha, end->http = http, end->listener = 1;
    setsockopt(end->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(end->fd, (struct sockaddr *)&where, sizeof where) || listen(end->fd, 1024)) {
        perror("listen");
        exit(1);
    }
    watch(end);
}

int main(int count, char **words) {
    struct epoll_event events[EVENTS];
    signal(SIGPIPE, SIG_IGN);
    if (count < 3) return 2;
    folder = words[1];
    answer = message("answer"), version = message("version");
    poller = epoll_create1(0);
    for (int i = 2; i < count; i++) {
        int grpc, http;
        if (sscanf(words[i], "%d:%d", &grpc, &http) != 2) return 2;
        listen_on(grpc, i - 2, 0);
        listen_on(http, i - 2, 1);
    }
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            struct end *end = events[i].data.ptr;
            if (end->listener) {
                greet(end);
            } else if (!turn(end, events[i].events)) {
                close(end->fd);
                free(end->out.at), free(end->held), free(end);
            }
        }
    }
}
