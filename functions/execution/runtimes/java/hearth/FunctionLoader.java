package hearth;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Loads the function's classes: of the package, then of the jars in its lib directory and in those of layers.
 *
 * <p>No lambdas on the way to the first answer, here and elsewhere: the first one costs a process some 15 ms.
 */
final class FunctionLoader extends URLClassLoader {
    private static final String TASK = "/var/task/";
    private static final String[] JARS = {"/var/task/lib", "/opt/java/lib"};

    FunctionLoader(ClassLoader parent) throws MalformedURLException {
        super(places(), parent);
    }

    private static URL[] places() throws MalformedURLException {
        List<URL> found = new ArrayList<>();
        found.add(new URL("file", null, -1, TASK));
        for (String directory : JARS) {
            String[] names = new File(directory).list();
            if (names == null) {
                continue;
            }
            Arrays.sort(names);
            for (String name : names) {
                if (name.endsWith(".jar") && name.length() > 4) {
                    found.add(new URL("file", null, -1, directory + "/" + name));
                }
            }
        }
        return found.toArray(new URL[0]);
    }
}
