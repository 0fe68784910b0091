/* What `load` says and hears on one connection: requests filled in, answers taken apart, in three protocols. */
#ifndef TALK_H
#define TALK_H
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ = 1 << 17, RUNS = 16, SLOTS = 1024, EVENTS = 256, MOST = 1 << 22, DUE = 1 << 16 };
enum kind { HTTP, WS, GRPC };

struct run { size_t at, size; int hex; };
struct call { int64_t since; uint32_t id, got; };

struct end {
    int fd, busy, gone;
    uint8_t in[READ], *out;
    size_t have, out_size, out_room;
    uint32_t next, taken;
    int64_t window;
    struct call calls[SLOTS];
};

static enum kind kind;
static uint8_t *request, *hello;
static size_t request_size, hello_size, body_size, second_frame, least;
static struct run runs[RUNS];
static int run_count, streams, count, poller;
static struct end *ends;
static uint64_t chance = 88172645463325252ULL;
static uint32_t *took;
static size_t done, errors;
static char first_error[200];
static int64_t due[DUE]; /* calls that wait for a free place, by when they were due */
static size_t due_head, due_tail;
static int paced;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t any(void) {
    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
    return chance;
}

static void put(uint8_t *at, uint32_t value) {
    at[0] = value >> 24, at[1] = value >> 16, at[2] = value >> 8, at[3] = value;
}

static uint32_t number(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static void failed(const void *what, size_t size) {
    if (!errors++)
        for (size_t i = 0; i < size && i < sizeof first_error - 1; i++) {
            uint8_t c = ((const uint8_t *)what)[i];
            first_error[i] = c < 32 || c > 126 || c == '"' || c == '\\' ? ' ' : c;
        }
}

static void fill(uint8_t *at) {
    for (struct run *run = runs; run < runs + run_count; run++)
        for (size_t i = 0; i < run->size; i++) {
            uint32_t chosen = any() >> 20;
            if (run->hex) at[run->at + i] = "0123456789abcdef"[chosen & 15];
            else at[run->at + i] = i ? '0' + chosen % 10 : '1' + chosen % 9;
        }
}

static uint8_t *room(struct end *end, size_t size) {
    if (end->out_size + size > end->out_room) {
        end->out = realloc(end->out, end->out_room = (end->out_size + size) * 2);
        if (!end->out) abort();
    }
    end->out_size += size;
    return end->out + end->out_size - size;
}

/* Write what there is; the rest, which no server here is slow enough for, goes with the next turn. */
static void flush(struct end *end) {
    ssize_t n = end->out_size ? write(end->fd, end->out, end->out_size) : 0;
    if (n > 0) memmove(end->out, end->out + n, end->out_size -= n);
}

static int takes(const struct end *end) {
    return !end->gone && end->busy < streams && (kind != GRPC || end->window >= (int64_t)body_size);
}

static void ask(struct end *end, int64_t since) {
    uint8_t *at = memcpy(room(end, request_size), request, request_size);
    uint32_t slot = 0;
    fill(at);
    if (kind == GRPC) {
        end->next += 2, slot = end->next / 2 % SLOTS, end->window -= body_size;
        put(at + 5, end->next), put(at + second_frame + 5, end->next);
    }
    end->calls[slot] = (struct call){since, end->next, 0};
    end->busy++;
}

static void more(struct end *end) {
    while (takes(end)) {
        if (!paced) ask(end, now());
        else if (due_head != due_tail) ask(end, due[due_head++ % DUE]);
        else break;
    }
}

static void answered(struct end *end, struct call *call, int good, const void *what, size_t size) {
    int64_t spent = now() - call->since;
    call->id = 0, end->busy--;
    if (!good) failed(what, size);
    else if (done < MOST) took[done++] = spent / 1000;
}

/* Each of these takes one answer or frame off the front of `in` and returns its size, 0 when it is not whole. */

static size_t http_answer(struct end *end, uint8_t *in, size_t have) {
    char *text = (char *)in, *stop, *field;
    size_t body = 0, head;
    in[have] = 0;
    if (!(stop = strstr(text, "\r\n\r\n"))) return 0;
    head = stop + 4 - text;
    *stop = 0;
    if ((field = strcasestr(text, "\r\ncontent-length:"))) {
        body = strtoul(field + 17, 0, 10);
    } else if (strcasestr(text, "chunked")) {
        field = memmem(text + head - 2, have - head + 2, "\r\n0\r\n\r\n", 7);
        body = field ? field + 7 - text - head : READ;
    }
    *stop = '\r';
    if (have < head + body) return 0;
    answered(end, end->calls, !strncmp(text + 9, "200", 3) && body >= least, text, head + body);
    return head + body;
}

static size_t ws_answer(struct end *end, uint8_t *in, size_t have) {
    size_t head = 2, size;
    if (have < 2 || have < (size_t)((in[1] & 127) < 126 ? 2 : (in[1] & 127) == 126 ? 4 : 10)) return 0;
    size = in[1] & 127;
    if (size == 126) head = 4, size = in[2] << 8 | in[3];
    else if (size == 127) head = 10, size = number(in + 6);
    if (have < head + size) return 0;
    if ((in[0] & 15) == 9) {
        uint8_t *at = room(end, 6 + size);
        at[0] = 0x8a, at[1] = 0x80 | size, put(at + 2, 0);
        memcpy(at + 6, in + head, size);
    } else {
        const char *text = (char *)in + head;
        int good = (in[0] & 15) == 1 && size >= least && strncmp(text, "{\"error", 7);
        answered(end, end->calls, good, text, size);
    }
    return head + size;
}

static void reply(struct end *end, int type, int flags, const void *body, size_t size) {
    uint8_t *at = room(end, 9 + size);
    put(at, size << 8 | type), at[4] = flags, put(at + 5, 0);
    memcpy(at + 9, body, size);
}

static size_t grpc_answer(struct end *end, uint8_t *in, size_t have) {
    if (have < 9) return 0;
    uint8_t *body = in + 9;
    size_t size = number(in) >> 8;
    int type = in[3], flags = in[4];
    uint32_t id = number(in + 5) & 0x7fffffff;
    struct call *call = end->calls + id / 2 % SLOTS;
    if (have < 9 + size) return 0;
    if (type == 0) {
        if (call->id == id) call->got += size;
        if ((end->taken += size) > 1 << 28) {
            uint8_t by[4];
            put(by, end->taken), reply(end, 8, 0, by, 4), end->taken = 0;
        }
    } else if (type == 4 && !(flags & 1)) reply(end, 4, 1, "", 0);
    else if (type == 6 && !(flags & 1)) reply(end, 6, 1, body, size);
    else if (type == 7) end->gone = 1, failed("GOAWAY", 6);
    else if (type == 8 && !id) end->window += number(body) & 0x7fffffff;
    if (id && call->id == id && (type == 3 || (type <= 1 && flags & 1)))
        answered(end, call, type != 3 && call->got >= least + 5, body, size);
    return 9 + size;
}

static void turn(struct end *end) {
    ssize_t n = read(end->fd, end->in + end->have, READ - 1 - end->have);
    size_t at = 0, size = 1;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        epoll_ctl(poller, EPOLL_CTL_DEL, end->fd, 0);
        end->gone = 1, failed("closed", 6);
        return;
    }
    for (end->have += n; size && at < end->have; at += size) {
        uint8_t *in = end->in + at;
        size_t have = end->have - at;
        size = kind == HTTP ? http_answer(end, in, have) : kind == WS ? ws_answer(end, in, have) : grpc_answer(end, in, have);
    }
    memmove(end->in, end->in + at, end->have -= at);
    more(end);
    flush(end);
}

#endif
