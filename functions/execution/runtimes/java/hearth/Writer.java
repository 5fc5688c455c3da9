package hearth;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.TemporalAccessor;
import java.util.Base64;
import java.util.Calendar;
import java.util.Date;
import java.util.Map;
import java.util.Optional;

/**
 * Objects to JSON text. Null properties of objects are left out, dates are milliseconds, instants seconds, bytes Base64,
 * as AWS's runtime writes them; other times are ISO text.
 */
final class Writer {
    private static final int DEEPEST = 1000;

    private final StringBuilder text = new StringBuilder();
    private int depth;

    String write(Object value) {
        any(value);
        return text.toString();
    }

    private void any(Object value) {
        if (++depth > DEEPEST) {
            throw new IllegalArgumentException("The response is nested deeper than " + DEEPEST + ", or holds itself");
        }
        if (value == null || value instanceof Boolean) {
            text.append(value);
        } else if (value instanceof Number) {
            number((Number) value);
        } else if (value instanceof Map) {
            map((Map<?, ?>) value);
        } else if (value instanceof Iterable && !(value instanceof java.nio.file.Path)) {
            list((Iterable<?>) value);
        } else if (value instanceof byte[]) {
            string(Base64.getEncoder().encodeToString((byte[]) value));
        } else if (value instanceof char[]) {
            string(new String((char[]) value));
        } else if (value.getClass().isArray()) {
            array(value);
        } else if (value instanceof ByteBuffer) {
            ByteBuffer bytes = Base64.getEncoder().encode(((ByteBuffer) value).duplicate());
            string(new String(bytes.array(), 0, bytes.limit(), java.nio.charset.StandardCharsets.US_ASCII));
        } else if (value instanceof Optional) {
            any(((Optional<?>) value).orElse(null));
        } else if (value instanceof Enum) {
            string(((Enum<?>) value).name());
        } else if (value instanceof Date) {
            text.append(((Date) value).getTime());
        } else if (value instanceof Calendar) {
            text.append(((Calendar) value).getTimeInMillis());
        } else if (value instanceof Instant) {
            Instant instant = (Instant) value;
            text.append(String.format("%d.%09d", instant.getEpochSecond(), instant.getNano()));
        } else if (value instanceof CharSequence || isPlain(value)) {
            string(value.toString());
        } else {
            bean(value);
        }
        depth--;
    }

    private static boolean isPlain(Object value) {
        return value instanceof Character || value instanceof TemporalAccessor || value.getClass().getName().startsWith("java.")
                || value.getClass().getName().startsWith("sun.") || value.getClass().getName().startsWith("org.joda.time.");
    }

    private void number(Number value) {
        double number = value.doubleValue();
        if ((value instanceof Double || value instanceof Float) && (Double.isNaN(number) || Double.isInfinite(number))) {
            string(value.toString());
        } else {
            text.append(value);
        }
    }

    private void map(Map<?, ?> values) {
        String between = "{";
        for (Map.Entry<?, ?> entry : values.entrySet()) {
            text.append(between);
            member(entry.getKey(), entry.getValue());
            between = ",";
        }
        text.append(values.isEmpty() ? "{}" : "}");
    }

    private void member(Object name, Object value) {
        string(name instanceof Enum ? ((Enum<?>) name).name() : String.valueOf(name));
        text.append(':');
        any(value);
    }

    private void list(Iterable<?> values) {
        text.append('[');
        int start = text.length();
        for (Object value : values) {
            if (text.length() > start) {
                text.append(',');
            }
            any(value);
        }
        text.append(']');
    }

    private void array(Object values) {
        text.append('[');
        for (int index = 0; index < Array.getLength(values); index++) {
            if (index > 0) {
                text.append(',');
            }
            any(Array.get(values, index));
        }
        text.append(']');
    }

    private void bean(Object bean) {
        String between = "";
        text.append('{');
        for (Map.Entry<String, Beans.Getter> property : Beans.getters(bean.getClass()).entrySet()) {
            Object value;
            try {
                value = property.getValue().get(bean);
            } catch (InvocationTargetException error) {
                throw new IllegalArgumentException("The property " + property.getKey() + " cannot be read", error.getCause());
            } catch (ReflectiveOperationException error) {
                throw new IllegalArgumentException("The property " + property.getKey() + " cannot be read", error);
            }
            if (value != null) {
                text.append(between);
                member(property.getKey(), value);
                between = ",";
            }
        }
        text.append('}');
    }

    private void string(String value) {
        text.append('"');
        for (int index = 0; index < value.length(); index++) {
            char letter = value.charAt(index);
            switch (letter) {
                case '"':
                    text.append("\\\"");
                    break;
                case '\\':
                    text.append("\\\\");
                    break;
                case '\n':
                    text.append("\\n");
                    break;
                case '\r':
                    text.append("\\r");
                    break;
                case '\t':
                    text.append("\\t");
                    break;
                default:
                    if (letter < ' ' || Character.isSurrogate(letter) && isLone(value, index)) {
                        text.append(String.format("\\u%04X", (int) letter));
                    } else {
                        text.append(letter);
                    }
            }
        }
        text.append('"');
    }

    /** Half a character: it has no bytes in UTF-8. */
    private static boolean isLone(String value, int index) {
        if (Character.isHighSurrogate(value.charAt(index))) {
            return index + 1 == value.length() || !Character.isLowSurrogate(value.charAt(index + 1));
        }
        return index == 0 || !Character.isHighSurrogate(value.charAt(index - 1));
    }
}
