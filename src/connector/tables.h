/* Short forms for the rows of a vendor's option table. */
#ifndef CONNECTOR_TABLES_H
#define CONNECTOR_TABLES_H

#define CHOICE(name, fallback, choices, help)                                                                \
    {                                                                                                        \
        name, OPT_CHOICE, fallback, choices, 0, 0, help                                                      \
    }
#define NUMBER(name, fallback, min, max, help)                                                               \
    {                                                                                                        \
        name, OPT_INT, fallback, NULL, min, max, help                                                        \
    }
#define YES_NO(name, fallback, help)                                                                         \
    {                                                                                                        \
        name, OPT_BOOL, fallback, NULL, 0, 0, help                                                           \
    }
#define TEXT(name, fallback, help)                                                                           \
    {                                                                                                        \
        name, OPT_TEXT, fallback, NULL, 0, 0, help                                                           \
    }
#define SPAN(name, fallback, help)                                                                           \
    {                                                                                                        \
        name, OPT_SPAN, fallback, NULL, 0, 0, help                                                           \
    }
#define ADDRESS(name, fallback, help)                                                                        \
    {                                                                                                        \
        name, OPT_URL, fallback, NULL, 0, 0, help                                                            \
    }

#endif
