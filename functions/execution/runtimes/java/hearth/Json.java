package hearth;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON text to maps, lists, strings, numbers, booleans and null. The way back is {@link Writer}. */
final class Json {
    private static final int DEEPEST = 1000;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    /** Raises IllegalArgumentException for what is not JSON. */
    static Object read(byte[] data) {
        Json json = new Json(new String(data, StandardCharsets.UTF_8));
        Object value = json.value();
        json.space();
        if (json.at < json.text.length()) {
            throw json.unexpected();
        }
        return value;
    }

    static byte[] write(Object value) {
        return new Writer().write(value).getBytes(StandardCharsets.UTF_8);
    }

    private Object value() {
        space();
        switch (peek()) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                return number();
        }
    }

    private Map<String, Object> object() {
        Map<String, Object> found = new LinkedHashMap<>();
        enter();
        if (closes('}')) {
            return found;
        }
        do {
            space();
            String name = string();
            space();
            expect(':');
            found.put(name, value());
        } while (goesOn('}'));
        return found;
    }

    private List<Object> array() {
        List<Object> found = new ArrayList<>();
        enter();
        if (closes(']')) {
            return found;
        }
        do {
            found.add(value());
        } while (goesOn(']'));
        return found;
    }

    private void enter() {
        at++;
        if (++depth > DEEPEST) {
            throw new IllegalArgumentException("JSON is nested deeper than " + DEEPEST);
        }
    }

    private boolean closes(char end) {
        space();
        if (peek() != end) {
            return false;
        }
        at++;
        depth--;
        return true;
    }

    private boolean goesOn(char end) {
        if (closes(end)) {
            return false;
        }
        expect(',');
        return true;
    }

    private String string() {
        expect('"');
        int start = at;
        while (peek() != '"' && peek() != '\\') {
            at++;
        }
        if (peek() == '"') {
            return text.substring(start, at++);
        }
        StringBuilder found = new StringBuilder(text.substring(start, at));
        while (peek() != '"') {
            char letter = text.charAt(at++);
            found.append(letter == '\\' ? escaped() : letter);
        }
        at++;
        return found.toString();
    }

    private char escaped() {
        char letter = peek();
        at++;
        switch (letter) {
            case 'n':
                return '\n';
            case 't':
                return '\t';
            case 'r':
                return '\r';
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'u':
                if (at + 4 > text.length()) {
                    throw unexpected();
                }
                at += 4;
                return (char) Integer.parseInt(text.substring(at - 4, at), 16);
            default:
                return letter;
        }
    }

    private Object number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(start, at);
        try {
            if (digits.indexOf('.') >= 0 || digits.indexOf('e') >= 0 || digits.indexOf('E') >= 0) {
                return new Decimal(digits);
            }
            BigInteger whole = new BigInteger(digits);
            if (whole.bitLength() < 32) {
                return whole.intValue();
            }
            return whole.bitLength() < 64 ? (Object) whole.longValue() : whole;
        } catch (NumberFormatException error) {
            at = start;
            throw unexpected();
        }
    }

    private Object word(String expected, Object value) {
        if (!text.startsWith(expected, at)) {
            throw unexpected();
        }
        at += expected.length();
        return value;
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() {
        if (at >= text.length()) {
            throw new IllegalArgumentException("Unexpected end of JSON");
        }
        return text.charAt(at);
    }

    private void expect(char letter) {
        if (peek() != letter) {
            throw unexpected();
        }
        at++;
    }

    private IllegalArgumentException unexpected() {
        String what = at < text.length() ? "'" + text.charAt(at) + "'" : "end";
        return new IllegalArgumentException("Unexpected " + what + " in JSON at position " + at);
    }

    /** A number with a fraction, as it was written: a BigDecimal must not lose what a double cannot hold. */
    static final class Decimal extends Number {
        private static final long serialVersionUID = 1;
        private final BigDecimal exact;

        Decimal(String digits) {
            exact = new BigDecimal(digits);
        }

        BigDecimal exact() {
            return exact;
        }

        @Override
        public int intValue() {
            return exact.intValue();
        }

        @Override
        public long longValue() {
            return exact.longValue();
        }

        @Override
        public float floatValue() {
            return exact.floatValue();
        }

        @Override
        public double doubleValue() {
            return exact.doubleValue();
        }

        @Override
        public String toString() {
            return exact.toString();
        }
    }
}
