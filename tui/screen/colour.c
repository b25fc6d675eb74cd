#include "screen/theme.h"

static const uint32_t base16[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
    0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff,
    0xffffff};
static const uint8_t cube[6] = {0, 95, 135, 175, 215, 255};

uint32_t colour_palette_rgb(int number)
{
    if (number < 0 || number > 255) {
        return 0;
    }
    if (number < 16) {
        return base16[number];
    }
    if (number >= 232) {
        uint32_t grey = (uint32_t)(8 + (number - 232) * 10);
        return grey << 16 | grey << 8 | grey;
    }
    int n = number - 16;
    return (uint32_t)cube[n / 36] << 16 | (uint32_t)cube[n / 6 % 6] << 8 | cube[n % 6];
}

static int channel(uint32_t rgb, int shift)
{
    return (int)(rgb >> shift & 0xFF);
}

static int distance(uint32_t a, uint32_t b)
{
    int red = channel(a, 16) - channel(b, 16);
    int green = channel(a, 8) - channel(b, 8);
    int blue = channel(a, 0) - channel(b, 0);
    return 3 * red * red + 4 * green * green + 2 * blue * blue;
}

static int spread(uint32_t rgb, int *high)
{
    int red = channel(rgb, 16);
    int green = channel(rgb, 8);
    int blue = channel(rgb, 0);
    *high = red > green ? red : green;
    *high = blue > *high ? blue : *high;
    int low = red < green ? red : green;
    low = blue < low ? blue : low;
    return *high - low;
}

/* A colour with a clear hue keeps one: by distance alone the dark green behind an added line and
 * the dark red behind a removed one both become the same grey. */
static int nearest256(uint32_t rgb)
{
    enum { CUBE = 16, GREYS = 232, END = 256, HUE_PERCENT = 40 };
    int high;
    bool hue = spread(rgb, &high) * 100 > high * HUE_PERCENT;
    int best = -1;
    for (int i = CUBE; i < (hue ? GREYS : END); i++) {
        uint32_t candidate = colour_palette_rgb(i);
        int ignored;
        if (hue && spread(candidate, &ignored) == 0) {
            continue;
        }
        if (best < 0 || distance(rgb, candidate) < distance(rgb, colour_palette_rgb(best))) {
            best = i;
        }
    }
    return best;
}

/* Each cell asks, and a theme has a few dozen colours. */
static int nearest256_known(uint32_t rgb)
{
    static struct {
        uint32_t rgb;
        int number; /* 0: empty; the answer is never 0 */
    } known[256];
    size_t slot = (rgb * 2654435761U) >> 24;
    if (known[slot].number == 0 || known[slot].rgb != rgb) {
        known[slot].rgb = rgb;
        known[slot].number = nearest256(rgb);
    }
    return known[slot].number;
}

/* By hue, not by distance: a soft green is nearer to grey than to the palette's green, but green is
 * what it means. */
static int nearest16(uint32_t rgb)
{
    int red = channel(rgb, 16);
    int green = channel(rgb, 8);
    int blue = channel(rgb, 0);
    int high;
    int wide = spread(rgb, &high);
    int low = high - wide;
    if (wide < 40) {
        return high < 50 ? 0 : high < 140 ? 8 : high < 225 ? 7 : 15;
    }
    int middle = low + (high - low) * 55 / 100;
    int number = (red > middle ? 1 : 0) | (green > middle ? 2 : 0) | (blue > middle ? 4 : 0);
    return high > 215 && low > 60 ? number + 8 : number;
}

int32_t colour_reduce(int32_t colour, enum colour_depth depth)
{
    if (colour == COLOUR_DEFAULT || depth == COLOUR_NONE) {
        return COLOUR_DEFAULT;
    }
    bool palette = (colour & COLOUR_PALETTE) != 0;
    int number = colour & 0xFF;
    if (depth == COLOUR_TRUE || (palette && (depth == COLOUR_256 || number < 16))) {
        return colour;
    }
    uint32_t rgb = palette ? colour_palette_rgb(number) : (uint32_t)colour & 0xFFFFFF;
    return COLOUR_PALETTE | (depth == COLOUR_256 ? nearest256_known(rgb) : nearest16(rgb));
}
