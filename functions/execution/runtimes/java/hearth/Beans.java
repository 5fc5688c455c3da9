package hearth;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The properties of classes, by the names that JavaBeans and records give them. */
final class Beans {
    private static final String EVENTS = "com.amazonaws.services.lambda.runtime.events.";

    private Beans() {}

    /** Reads one property of an object: by its method, or the field. */
    static final class Getter {
        private final Method method;
        private final Field field;

        Getter(Method method, Field field) {
            this.method = method;
            this.field = field;
        }

        Object get(Object bean) throws ReflectiveOperationException {
            return method != null ? method.invoke(bean) : field.get(bean);
        }
    }

    /** Writes one property; `type` is what it takes. */
    static final class Setter {
        final Type type;
        private final Method method;
        private final Field field;

        Setter(Type type, Method method, Field field) {
            this.type = type;
            this.method = method;
            this.field = field;
        }

        void set(Object bean, Object value) throws ReflectiveOperationException {
            if (method != null) {
                method.invoke(bean, value);
            } else {
                field.set(bean, value);
            }
        }
    }

    /** By name: those that are fields, too, in the order of the fields. */
    static Map<String, Getter> getters(Class<?> type) {
        Map<String, Getter> found = new TreeMap<>();
        List<String> order = new ArrayList<>();
        for (Class<?> each = type; each != null && each != Object.class; each = each.getSuperclass()) {
            List<String> names = new ArrayList<>();
            for (Field field : each.getDeclaredFields()) {
                names.add(field.getName());
            }
            order.addAll(0, names);
        }
        for (Field field : type.getFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !Modifier.isTransient(field.getModifiers())) {
                found.put(field.getName(), new Getter(null, open(field)));
            }
        }
        boolean isRecord = isRecord(type);
        for (Method method : type.getMethods()) {
            String name = isRecord && order.contains(method.getName()) ? method.getName() : getterName(method);
            if (name != null && isInstanceMethod(method, 0) && method.getReturnType() != void.class) {
                found.put(name, new Getter(open(method), null));
            }
        }
        Map<String, Getter> ordered = new LinkedHashMap<>();
        for (String name : order) {
            if (found.containsKey(name)) {
                ordered.put(name, found.remove(name));
            }
        }
        ordered.putAll(found);
        return ordered;
    }

    /** By name; of AWS's own event classes, whose JSON names differ in case and punctuation, by `key` of it. */
    static Map<String, Setter> setters(Class<?> type) {
        Map<String, Setter> found = new LinkedHashMap<>();
        for (Field field : type.getFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !Modifier.isFinal(field.getModifiers())) {
                found.put(key(type, field.getName()), new Setter(field.getGenericType(), null, open(field)));
            }
        }
        for (Method method : type.getMethods()) {
            String name = method.getName();
            if (isInstanceMethod(method, 1) && name.startsWith("set") && name.length() > 3) {
                Type takes = method.getGenericParameterTypes()[0];
                found.put(key(type, decapitalised(name.substring(3))), new Setter(takes, open(method), null));
            }
        }
        return found;
    }

    static String key(Class<?> type, String name) {
        return type.getName().startsWith(EVENTS) ? name.replaceAll("[^A-Za-z0-9]", "").toLowerCase() : name;
    }

    static Object make(Class<?> type) {
        try {
            return open(type.getDeclaredConstructor()).newInstance();
        } catch (InvocationTargetException error) {
            throw new IllegalArgumentException(type.getName() + " cannot be made", error.getCause());
        } catch (ReflectiveOperationException error) {
            throw new IllegalArgumentException(
                    "Cannot construct instance of " + type.getName() + ": it has no constructor without parameters", error);
        }
    }

    static boolean isRecord(Class<?> type) {
        return type.getSuperclass() != null && type.getSuperclass().getName().equals("java.lang.Record");
    }

    /** The constructor of a record that takes all its components; `names` gets theirs. */
    static Constructor<?> canonical(Class<?> record, List<String> names) {
        try {
            Object[] components = (Object[]) Class.class.getMethod("getRecordComponents").invoke(record);
            Class<?>[] types = new Class<?>[components.length];
            for (int index = 0; index < components.length; index++) {
                names.add((String) components[index].getClass().getMethod("getName").invoke(components[index]));
                types[index] = (Class<?>) components[index].getClass().getMethod("getType").invoke(components[index]);
            }
            return open(record.getDeclaredConstructor(types));
        } catch (ReflectiveOperationException error) {
            throw new IllegalArgumentException(record.getName() + " cannot be made", error);
        }
    }

    /** Members of classes that are not public themselves can be used as well. */
    static <T extends AccessibleObject> T open(T member) {
        try {
            member.setAccessible(true);
        } catch (RuntimeException refused) {
            return member; // of a module of the JDK: what is public there works without
        }
        return member;
    }

    private static String getterName(Method method) {
        String name = method.getName();
        if (name.startsWith("get") && name.length() > 3 && !name.equals("getClass")) {
            return decapitalised(name.substring(3));
        }
        Class<?> type = method.getReturnType();
        if (name.startsWith("is") && name.length() > 2 && (type == boolean.class || type == Boolean.class)) {
            return decapitalised(name.substring(2));
        }
        return null;
    }

    private static boolean isInstanceMethod(Method method, int parameters) {
        return method.getParameterCount() == parameters
                && !Modifier.isStatic(method.getModifiers())
                && !method.isBridge()
                && !Arrays.asList(Object.class, Enum.class).contains(method.getDeclaringClass());
    }

    private static String decapitalised(String name) {
        boolean isShout = name.length() > 1 && Character.isUpperCase(name.charAt(0)) && Character.isUpperCase(name.charAt(1));
        return isShout ? name : Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }
}
