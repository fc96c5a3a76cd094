/* The words of a scenario's lines: escapes, repetition, captured texts, and what an answer must hold. */
#ifndef SCENARIO_TEXT_H
#define SCENARIO_TEXT_H

#include "check.h"

/* Bytes with a NUL behind them, and perhaps some inside. */
struct text {
    char *bytes;
    size_t length;
};

enum { MOST_WORDS = 32, MOST_CAPTURES = 128 };

struct words {
    size_t count;
    char *names[MOST_WORDS];
    struct text values[MOST_WORDS];
};

static int line_number;

static inline void next_place(void)
{
    line_number++;
}

static inline const char *place(void)
{
    static char place[32];
    snprintf(place, sizeof place, "scenario.txt:%d", line_number);
    return place;
}

static inline void *needed(void *memory)
{
    if (memory == NULL) {
        exit(2);
    }
    return memory;
}

static struct { char name[64]; char *value; } captures[MOST_CAPTURES];

/* `$NAME` becomes a text, whatever it was before. */
static inline void capture(const char *name, const char *suffix, const char *value)
{
    char whole[64];
    size_t i = 0;
    snprintf(whole, sizeof whole, "%s%s", name, suffix);
    while (captures[i].value != NULL && strcmp(captures[i].name, whole) != 0) {
        if (++i == MOST_CAPTURES) {
            exit(2);
        }
    }
    free(captures[i].value);
    memcpy(captures[i].name, whole, sizeof whole);
    captures[i].value = needed(malloc(strlen(value) + 1));
    strcpy(captures[i].value, value);
}

static inline void forget_captures(void)
{
    for (size_t i = 0; i < MOST_CAPTURES; i++) {
        free(captures[i].value);
        captures[i].value = NULL;
    }
}

/* The name behind a `$`, and what it stands for. */
static inline const char *captured(const char **at)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    size_t length = strspn(*at, letters);
    for (size_t i = 0; i < MOST_CAPTURES && captures[i].value != NULL; i++) {
        if (strlen(captures[i].name) == length && strncmp(captures[i].name, *at, length) == 0) {
            *at += length;
            return captures[i].value;
        }
    }
    PROMISE(0, "%s: $%.*s was captured", place(), (int)length, *at);
    *at += length;
    return "";
}

static inline void add(struct text *text, const char *bytes, size_t length)
{
    text->bytes = needed(realloc(text->bytes, text->length + length + 1));
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

/* Captured texts are put in; what they hold is taken as it is. */
static inline struct text expanded(const char *at, int escapes)
{
    struct text out = {NULL, 0};
    add(&out, "", 0);
    while (*at != '\0') {
        char hex[3] = {0}, *end, byte;
        if (*at == '$') {
            const char *value;
            at++;
            value = captured(&at);
            add(&out, value, strlen(value));
        } else if (escapes && *at == '%') {
            strncpy(hex, at + 1, 2);
            byte = (char)strtol(hex, &end, 16);
            PROMISE(*end == '\0' && strlen(hex) == 2, "%s: two hex digits stand behind %%", place());
            add(&out, &byte, 1);
            at += 1 + strlen(hex);
        } else {
            add(&out, at++, 1);
        }
    }
    return out;
}

static inline struct text substituted(const char *text)
{
    return expanded(text, 0);
}

/* `repeat:X:N` is the text X, N times. */
static inline struct text value_of(const char *text)
{
    const char *last = strrchr(text, ':');
    if (strncmp(text, "repeat:", 7) == 0 && last > text + 6) {
        struct text out = {NULL, 0}, once = expanded(text + 7, 1);
        size_t length;
        long times = strtol(last + 1, NULL, 10);
        once.length -= strlen(last);
        length = once.length;
        out.bytes = needed(malloc((size_t)times * length + 1));
        for (long i = 0; i < times; i++) {
            memcpy(out.bytes + out.length, once.bytes, length);
            out.length += length;
        }
        out.bytes[out.length] = '\0';
        free(once.bytes);
        return out;
    }
    return expanded(text, 1);
}

/* `name=value` words, parted by single blanks. */
static inline struct words read_words(const char *text)
{
    struct words words = {0};
    while (*text != '\0') {
        size_t length = strcspn(text, " "), name = strcspn(text, "=");
        char *word = needed(malloc(length + 1));
        if (name >= length || words.count == MOST_WORDS) {
            fprintf(stderr, "%s: no words: %s\n", place(), text);
            exit(2);
        }
        memcpy(word, text, length);
        word[length] = word[name] = '\0';
        words.names[words.count] = word;
        words.values[words.count++] = value_of(word + name + 1);
        text += length + (text[length] == ' ');
    }
    return words;
}

static inline const struct text *word(const struct words *words, const char *name)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->names[i], name) == 0) {
            return &words->values[i];
        }
    }
    return NULL;
}

static inline void free_words(struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->names[i]);
        free(words->values[i].bytes);
    }
    words->count = 0;
}

/* Up to the next ` contains `, ` lacks ` or ` capture `. */
static inline size_t until_next(const char *text)
{
    static const char *const starts[] = {" contains ", " lacks ", " capture "};
    size_t length = strlen(text);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const char *next = strstr(text, starts[i]);
        if (next != NULL && (size_t)(next - text) < length) {
            length = (size_t)(next - text);
        }
    }
    return length;
}

/* `capture NAME MARK`: what stands behind MARK up to the next `"`. */
static inline void capture_from(const char *answer, char *name_and_mark)
{
    char *mark = strchr(name_and_mark, ' '), *value;
    const char *at;
    size_t length;
    if (mark == NULL) {
        exit(2);
    }
    *mark++ = '\0';
    at = strstr(answer, mark);
    if (!PROMISE(at != NULL, "%s: the answer has %s: %s", place(), mark, answer)) {
        return;
    }
    at += strlen(mark);
    length = strcspn(at, "\"");
    value = needed(malloc(length + 1));
    memcpy(value, at, length);
    value[length] = '\0';
    capture(name_and_mark, "", value);
    free(value);
}

/* What the answer of an operation must hold, and what is captured from it. */
static inline void check_document(const char *answer, const char *wanted)
{
    while (*wanted != '\0') {
        size_t verb = strcspn(wanted, " ");
        const char *rest = wanted + verb + (wanted[verb] == ' ');
        size_t length = until_next(rest);
        char *clause = needed(malloc(length + 1));
        memcpy(clause, rest, length);
        clause[length] = '\0';
        if (strncmp(wanted, "capture ", 8) == 0) {
            capture_from(answer, clause);
        } else {
            struct text text = substituted(clause);
            int contains = strncmp(wanted, "contains ", 9) == 0;
            PROMISE(contains || strncmp(wanted, "lacks ", 6) == 0, "%s: %.*s is asked of an answer", place(),
                    (int)verb, wanted);
            PROMISE((strstr(answer, text.bytes) != NULL) == contains, "%s: the answer must %s %s: %s", place(),
                    contains ? "contain" : "lack", text.bytes, answer);
            free(text.bytes);
        }
        free(clause);
        wanted = rest + length + (rest[length] == ' ');
    }
}

#endif
