package hearth;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Single values as the types that stand for them. */
final class Scalars {
    private static final Set<Class<?>> KNOWN = new HashSet<>(Arrays.<Class<?>>asList(
            String.class, CharSequence.class, boolean.class, Boolean.class, char.class, Character.class, byte.class, Byte.class,
            short.class, Short.class, int.class, Integer.class, long.class, Long.class, float.class, Float.class,
            double.class, Double.class, Number.class, BigInteger.class, BigDecimal.class, byte[].class, ByteBuffer.class,
            Date.class, Instant.class));
    private static final String[] FACTORIES = {"parse", "fromString", "valueOf", "of", "create"};

    private Scalars() {}

    static boolean knows(Class<?> type) {
        return KNOWN.contains(type) || type.isEnum();
    }

    static Object to(Object value, Class<?> type) {
        if (value instanceof Map || value instanceof List) {
            throw new IllegalArgumentException("Cannot make " + type.getName() + " of " + kind(value));
        }
        if (type.isEnum()) {
            for (Object constant : type.getEnumConstants()) {
                if (((Enum<?>) constant).name().equals(value) || constant.toString().equals(value)) {
                    return constant;
                }
            }
            return null; // as AWS's runtime does
        }
        boolean isText = type == String.class || type == CharSequence.class;
        if ("".equals(value) && !isText) {
            return type.isPrimitive() ? Array.get(Array.newInstance(type, 1), 0) : null;
        }
        return isText ? text(value) : simple(value, type);
    }

    private static Object simple(Object value, Class<?> type) {
        if (type == boolean.class || type == Boolean.class) {
            return truth(value);
        }
        if (type == char.class || type == Character.class) {
            return text(value).charAt(0);
        }
        if (type == byte[].class || type == ByteBuffer.class) {
            byte[] bytes = Base64.getDecoder().decode(text(value));
            return type == byte[].class ? (Object) bytes : ByteBuffer.wrap(bytes);
        }
        if (type == Instant.class) {
            return instant(value);
        }
        if (type == Date.class) {
            return value instanceof Number ? new Date(((Number) value).longValue()) : Date.from(instant(value));
        }
        if (type == Number.class) {
            return value instanceof Json.Decimal ? (Object) ((Json.Decimal) value).doubleValue() : number(value);
        }
        return numeric(exact(value), type);
    }

    private static Object numeric(BigDecimal value, Class<?> type) {
        if (type == int.class || type == Integer.class) {
            return value.intValue();
        }
        if (type == long.class || type == Long.class) {
            return value.longValue();
        }
        if (type == double.class || type == Double.class) {
            return value.doubleValue();
        }
        if (type == float.class || type == Float.class) {
            return value.floatValue();
        }
        if (type == short.class || type == Short.class) {
            return value.shortValue();
        }
        if (type == byte.class || type == Byte.class) {
            return value.byteValue();
        }
        return type == BigInteger.class ? (Object) value.toBigInteger() : value;
    }

    /** Of a class that we do not know: by its constructor or factory that takes text, or milliseconds. */
    static Object made(Object value, Class<?> type) {
        Class<?>[] takes = value instanceof Number ? new Class<?>[] {long.class} : new Class<?>[] {String.class, CharSequence.class};
        Object given = value instanceof Number ? (Object) ((Number) value).longValue() : text(value);
        try {
            for (Class<?> parameter : takes) {
                for (String name : FACTORIES) {
                    Method factory = find(type, name, parameter);
                    if (factory != null) {
                        return factory.invoke(null, given);
                    }
                }
            }
            for (Constructor<?> constructor : type.getConstructors()) {
                Class<?>[] parameters = constructor.getParameterTypes();
                if (parameters.length == 1 && (parameters[0] == takes[0] || parameters[0] == Object.class)) {
                    return constructor.newInstance(given);
                }
            }
        } catch (InvocationTargetException error) {
            throw new IllegalArgumentException("Cannot make " + type.getName() + " of " + kind(value), error.getCause());
        } catch (ReflectiveOperationException error) {
            throw new IllegalArgumentException("Cannot make " + type.getName() + " of " + kind(value), error);
        }
        throw new IllegalArgumentException("Cannot make " + type.getName() + " of " + kind(value));
    }

    static String kind(Object value) {
        if (value instanceof Map) {
            return "an object";
        }
        return value instanceof List ? "an array" : value instanceof String ? "text" : String.valueOf(value);
    }

    private static Method find(Class<?> type, String name, Class<?> parameter) {
        try {
            Method method = type.getMethod(name, parameter);
            return Modifier.isStatic(method.getModifiers()) && type.isAssignableFrom(method.getReturnType()) ? method : null;
        } catch (NoSuchMethodException none) {
            return null;
        }
    }

    private static String text(Object value) {
        return value.toString();
    }

    private static Boolean truth(Object value) {
        if (value instanceof Number) {
            return ((Number) value).doubleValue() != 0;
        }
        return value instanceof Boolean ? (Boolean) value : Boolean.valueOf(text(value).trim().toLowerCase());
    }

    private static Number number(Object value) {
        return value instanceof Number ? (Number) value : exact(value);
    }

    private static BigDecimal exact(Object value) {
        if (value instanceof Boolean) {
            throw new IllegalArgumentException("Cannot make a number of " + value);
        }
        try {
            return value instanceof Json.Decimal ? ((Json.Decimal) value).exact() : new BigDecimal(text(value).trim());
        } catch (NumberFormatException error) {
            throw new IllegalArgumentException("Cannot make a number of \"" + value + "\"");
        }
    }

    /** Numbers are seconds. */
    private static Instant instant(Object value) {
        if (value instanceof Number) {
            BigDecimal seconds = exact(value);
            long nanoseconds = seconds.remainder(BigDecimal.ONE).movePointRight(9).longValue();
            return Instant.ofEpochSecond(seconds.longValue(), nanoseconds);
        }
        try {
            return OffsetDateTime.parse(text(value)).toInstant();
        } catch (DateTimeParseException error) {
            return LocalDateTime.parse(text(value)).toInstant(ZoneOffset.UTC);
        }
    }
}
