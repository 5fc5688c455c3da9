package hearth;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.Arrays;

/** What a class has given for the type parameters of those above it. */
final class Generics {
    private Generics() {}

    /** The type arguments of `above` as `type` extends or implements it; null when they were left out. */
    static Type[] argumentsOf(Class<?> type, Class<?> above) {
        for (Type parent : parents(type)) {
            Class<?> raw = raw(parent);
            if (!above.isAssignableFrom(raw)) {
                continue;
            }
            Type[] found = raw == above ? arguments(parent) : argumentsOf(raw, above);
            if (found == null) {
                continue;
            }
            Type[] resolved = new Type[found.length];
            for (int index = 0; index < found.length; index++) {
                resolved[index] = raw == above ? found[index] : given(found[index], raw, parent);
            }
            return resolved;
        }
        return null;
    }

    /** A type that a method of `above` names, as it is in `type`. */
    static Type resolve(Type named, Class<?> type, Class<?> above) {
        if (!(named instanceof TypeVariable) || type == above) {
            return named;
        }
        Type[] found = argumentsOf(type, above);
        int index = Arrays.asList(above.getTypeParameters()).indexOf(named);
        return found == null || index < 0 ? named : found[index];
    }

    private static Type given(Type found, Class<?> raw, Type parent) {
        int index = Arrays.asList((Object[]) raw.getTypeParameters()).indexOf(found);
        Type[] arguments = arguments(parent);
        return index < 0 || arguments == null ? found : arguments[index];
    }

    private static Type[] arguments(Type type) {
        return type instanceof ParameterizedType ? ((ParameterizedType) type).getActualTypeArguments() : null;
    }

    private static Class<?> raw(Type type) {
        return (Class<?>) (type instanceof ParameterizedType ? ((ParameterizedType) type).getRawType() : type);
    }

    private static Type[] parents(Class<?> type) {
        Type above = type.getGenericSuperclass();
        Type[] found = Arrays.copyOf(type.getGenericInterfaces(), type.getInterfaces().length + (above == null ? 0 : 1));
        if (above != null) {
            found[found.length - 1] = above;
        }
        return found;
    }
}
