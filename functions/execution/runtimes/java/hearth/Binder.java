package hearth;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What {@link Json} has read, as the type that a handler takes. Unknown members are left out, absent ones stay. */
final class Binder {
    /** What the type variables of the class at hand stand for. */
    private final Map<TypeVariable<?>, Type> variables;

    private Binder(Map<TypeVariable<?>, Type> variables) {
        this.variables = variables;
    }

    static Object bind(Object value, Type type) {
        return new Binder(Collections.emptyMap()).to(value, type);
    }

    private Object to(Object value, Type type) {
        if (type instanceof TypeVariable) {
            Type known = variables.get(type);
            return to(value, known != null ? known : ((TypeVariable<?>) type).getBounds()[0]);
        }
        if (type instanceof WildcardType) {
            return to(value, ((WildcardType) type).getUpperBounds()[0]);
        }
        if (type instanceof GenericArrayType) {
            Type item = ((GenericArrayType) type).getGenericComponentType();
            return array(value, raw(item), item);
        }
        if (type instanceof ParameterizedType) {
            return generic(value, (ParameterizedType) type);
        }
        return of(value, (Class<?>) type, Object.class, Object.class);
    }

    private Object generic(Object value, ParameterizedType type) {
        Class<?> raw = (Class<?>) type.getRawType();
        Type[] given = type.getActualTypeArguments();
        if (raw == Optional.class) {
            return Optional.ofNullable(to(value, given[0]));
        }
        if (Map.class.isAssignableFrom(raw) && given.length == 2 || Collection.class.isAssignableFrom(raw)) {
            return of(value, raw, given[0], given[given.length - 1]);
        }
        Map<TypeVariable<?>, Type> inner = new LinkedHashMap<>();
        for (int index = 0; index < given.length; index++) {
            Type actual = given[index] instanceof TypeVariable ? variables.get(given[index]) : given[index];
            inner.put(raw.getTypeParameters()[index], actual == null ? Object.class : actual);
        }
        return new Binder(inner).of(value, raw, Object.class, Object.class);
    }

    /** `first` and `last` are the type arguments of a map; a collection's only one is both. */
    private Object of(Object value, Class<?> type, Type first, Type last) {
        if (value == null) {
            return type.isPrimitive() ? Array.get(Array.newInstance(type, 1), 0) : null;
        }
        if (type == Object.class) {
            return free(value);
        }
        if (Map.class.isAssignableFrom(type)) {
            return map(members(value, type), type, first, last);
        }
        if (Collection.class.isAssignableFrom(type) || type == Iterable.class) {
            return collection(value, type, last);
        }
        if (type.isArray() && !(type == byte[].class && value instanceof String)) {
            return array(value, type.getComponentType(), type.getComponentType());
        }
        if (value instanceof List && ((List<?>) value).size() == 1) {
            return of(((List<?>) value).get(0), type, first, last); // as AWS's runtime does
        }
        if (Scalars.knows(type)) {
            return Scalars.to(value, type);
        }
        if ("".equals(value) || value instanceof List && ((List<?>) value).isEmpty()) {
            return null;
        }
        if (!(value instanceof Map)) {
            return Scalars.made(value, type);
        }
        Map<String, Object> members = members(value, type);
        return Beans.isRecord(type) ? record(members, type) : bean(members, type);
    }

    private Object free(Object value) {
        if (value instanceof Json.Decimal) {
            return ((Json.Decimal) value).doubleValue();
        }
        if (value instanceof List) {
            List<Object> found = new ArrayList<>();
            for (Object item : (List<?>) value) {
                found.add(free(item));
            }
            return found;
        }
        if (value instanceof Map) {
            Map<Object, Object> found = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                found.put(entry.getKey(), free(entry.getValue()));
            }
            return found;
        }
        return value;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> members(Object value, Class<?> type) {
        if (!(value instanceof Map)) {
            throw new IllegalArgumentException("Cannot make " + type.getName() + " of " + Scalars.kind(value));
        }
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    private Object map(Map<String, Object> members, Class<?> type, Type keys, Type values) {
        Map<Object, Object> found;
        if (type.isAssignableFrom(LinkedHashMap.class)) {
            found = new LinkedHashMap<>();
        } else if (SortedMap.class.isAssignableFrom(type) && type.isAssignableFrom(TreeMap.class)) {
            found = new TreeMap<>();
        } else {
            found = (Map<Object, Object>) Beans.make(type);
        }
        for (Map.Entry<String, Object> member : members.entrySet()) {
            found.put(to(member.getKey(), keys), to(member.getValue(), values));
        }
        return found;
    }

    @SuppressWarnings("unchecked")
    private Object collection(Object value, Class<?> type, Type items) {
        Collection<Object> found;
        if (type.isAssignableFrom(ArrayList.class)) {
            found = new ArrayList<>();
        } else if (type == Set.class) {
            found = new LinkedHashSet<>();
        } else if (SortedSet.class.isAssignableFrom(type) && type.isAssignableFrom(TreeSet.class)) {
            found = new TreeSet<>();
        } else if (Queue.class.isAssignableFrom(type) && type.isAssignableFrom(ArrayDeque.class)) {
            found = new ArrayDeque<>();
        } else {
            found = (Collection<Object>) Beans.make(type);
        }
        for (Object item : items(value)) {
            found.add(to(item, items));
        }
        return found;
    }

    private Object array(Object value, Class<?> raw, Type item) {
        if (value == null) {
            return null;
        }
        List<?> values = items(value);
        Object found = Array.newInstance(raw, values.size());
        for (int index = 0; index < values.size(); index++) {
            Array.set(found, index, to(values.get(index), item));
        }
        return found;
    }

    /** One value counts as a list of it. */
    private static List<?> items(Object value) {
        return value instanceof List ? (List<?>) value : Collections.singletonList(value);
    }

    private Object bean(Map<String, Object> members, Class<?> type) {
        Object bean = Beans.make(type);
        Map<String, Beans.Setter> setters = Beans.setters(type);
        for (Map.Entry<String, Object> member : members.entrySet()) {
            Beans.Setter setter = setters.get(Beans.key(type, member.getKey()));
            if (setter == null) {
                continue;
            }
            try {
                setter.set(bean, to(member.getValue(), setter.type));
            } catch (InvocationTargetException error) {
                throw new IllegalArgumentException("The property " + member.getKey() + " cannot be set", error.getCause());
            } catch (ReflectiveOperationException error) {
                throw new IllegalArgumentException("The property " + member.getKey() + " cannot be set", error);
            }
        }
        return bean;
    }

    private Object record(Map<String, Object> members, Class<?> type) {
        List<String> names = new ArrayList<>();
        Constructor<?> constructor = Beans.canonical(type, names);
        Type[] types = constructor.getGenericParameterTypes();
        Object[] values = new Object[names.size()];
        for (int index = 0; index < values.length; index++) {
            values[index] = to(members.get(names.get(index)), types[index]);
        }
        try {
            return constructor.newInstance(values);
        } catch (InvocationTargetException error) {
            throw new IllegalArgumentException(type.getName() + " cannot be made", error.getCause());
        } catch (ReflectiveOperationException error) {
            throw new IllegalArgumentException(type.getName() + " cannot be made", error);
        }
    }

    private Class<?> raw(Type type) {
        if (type instanceof Class) {
            return (Class<?>) type;
        }
        if (type instanceof ParameterizedType) {
            return (Class<?>) ((ParameterizedType) type).getRawType();
        }
        if (type instanceof TypeVariable && variables.get(type) != null) {
            return raw(variables.get(type));
        }
        return Object.class;
    }
}
