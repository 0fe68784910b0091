/* Asks one server over and over, and prints how long each answer took, as one line of JSON.
 *
 *   load http|ws|grpc PORT CONNECTIONS STREAMS RATE MILLISECONDS LEAST HELLO REQUEST
 *
 * REQUEST is a file with the bytes of one request, in which each run of \1 becomes random digits (the
 * first of them not 0) and each run of \2 random hex digits. HELLO is a file with what opens a
 * connection; for `ws` it ends with the message that authenticates. RATE is calls a second, counted from
 * when each was due, or 0 for one call after the other, STREAMS at once on a `grpc` connection and one on
 * any other. An answer with fewer than LEAST bytes of body is an error, as is any status but the good one.
 */
#define _GNU_SOURCE
#include "talk.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/timerfd.h>

static void until(struct end *end, const char *text) {
    do {
        ssize_t n = read(end->fd, end->in + end->have, READ - 1 - end->have);
        if (n <= 0) fprintf(stderr, "closed while opening\n"), exit(1);
        end->in[end->have += n] = 0;
    } while (!strstr((char *)end->in, text));
    end->have = 0;
}

static void open_end(struct end *end, int port) {
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = end};
    int one = 1;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    end->fd = socket(AF_INET, SOCK_STREAM, 0);
    end->next = -1, end->window = 65535;
    if (connect(end->fd, (struct sockaddr *)&where, sizeof where)) perror("connect"), exit(1);
    setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    uint8_t *stop = kind == WS ? memmem(hello, hello_size, "\r\n\r\n", 4) : 0;
    size_t first = stop ? (size_t)(stop + 4 - hello) : hello_size;
    if (write(end->fd, hello, first) != (ssize_t)first) exit(1);
    if (kind == WS) {
        until(end, "\r\n\r\n");
        if (write(end->fd, hello + first, hello_size - first) < 0) exit(1);
        until(end, "authenticated");
    }
    fcntl(end->fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(poller, EPOLL_CTL_ADD, end->fd, &wish);
}

static uint8_t *file(const char *path, size_t *size) {
    FILE *from = fopen(path, "rb");
    uint8_t *made = calloc(1, 1 << 20);
    if (!from || !made) perror(path), exit(1);
    *size = fread(made, 1, 1 << 20, from);
    fclose(from);
    return made;
}

static void find_runs(void) {
    for (size_t at = 0; at < request_size; at++) {
        if (run_count == RUNS || (request[at] != 1 && request[at] != 2)) continue;
        struct run *run = runs + run_count;
        *run = (struct run){at, 0, request[at] == 2};
        while (at < request_size && request[at] == request[run->at]) at++, run->size++;
        if (run->size >= 4) run_count++; /* shorter ones are frames' own numbers */
    }
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void print(double seconds) {
    size_t calls = done;
    qsort(took, calls, sizeof *took, compare);
    printf("{\"calls\": %zu, \"errors\": %zu, \"seconds\": %.6f", calls, errors, seconds);
    for (int i = 0; calls && i < 4; i++) {
        static const double parts[] = {.5, .9, .99, .999};
        static const char *names[] = {"p50", "p90", "p99", "p999"};
        printf(", \"%s_us\": %u", names[i], took[(size_t)(parts[i] * (calls - 1) + .5)]);
    }
    printf(", \"first_error\": \"%s\"}\n", first_error);
}

/* Say what is due, and wake when the next one is, or the end. */
static void pace(int timer, int64_t start, int64_t length, double rate) {
    static int64_t issued;
    for (int64_t at = now(); start + issued * 1e9 / rate <= at && due_tail - due_head < DUE; issued++)
        due[due_tail++ % DUE] = start + issued * 1e9 / rate;
    for (int i = 0; due_head != due_tail && i < count; i++) {
        struct end *end = ends + (issued + i) % count;
        if (takes(end)) ask(end, due[due_head++ % DUE]), flush(end);
    }
    int64_t next = issued * 1e9 / rate < length ? start + issued * 1e9 / rate : start + length;
    struct itimerspec when = {.it_value = {next / 1000000000, next % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, 0);
}

static void run(double rate, int64_t length) {
    struct epoll_event events[EVENTS], wish = {.events = EPOLLIN};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    int64_t start = now();
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &wish);
    for (int i = 0; i < count && !paced; i++) more(ends + i), flush(ends + i);
    while (now() < start + length) {
        if (paced) pace(timer, start, length, rate);
        int ready = epoll_wait(poller, events, EVENTS, 100);
        for (int i = 0; i < ready; i++)
            if (events[i].data.ptr) turn(events[i].data.ptr);
    }
    print((now() - start) / 1e9);
}

int main(int words, char **word) {
    if (words != 10) return 2;
    kind = word[1][0] == 'h' ? HTTP : word[1][0] == 'w' ? WS : GRPC;
    count = atoi(word[3]), streams = kind == GRPC ? atoi(word[4]) : 1, least = atoi(word[7]);
    hello = file(word[8], &hello_size), request = file(word[9], &request_size);
    if (kind == GRPC) second_frame = 9 + (number(request) >> 8), body_size = request_size - second_frame - 9;
    find_runs();
    signal(SIGPIPE, SIG_IGN);
    chance ^= now();
    poller = epoll_create1(0), paced = atof(word[5]) > 0;
    ends = calloc(count, sizeof *ends), took = malloc(MOST * sizeof *took);
    if (!ends || !took || streams > SLOTS) return 2;
    for (int i = 0; i < count; i++) open_end(ends + i, atoi(word[2]));
    run(atof(word[5]), atoi(word[6]) * 1000000LL);
}
