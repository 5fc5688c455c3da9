package shop;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Much of what a class of data may have. */
public class Order {
    public enum Kind { RETAIL, WHOLESALE }

    private String id;
    private Kind kind;
    private List<Line> lines;
    private Map<Kind, Set<Long>> codes;
    private BigDecimal exact;
    private Instant at;
    private Date due;
    private UUID key;
    private boolean paid;
    private byte[] data;
    private Page<Line> page;
    private String absent;
    private int[] numbers;
    public double total;

    public static class Line {
        private double price;
        private int count = 1;

        public double getPrice() { return price; }

        public void setPrice(double price) { this.price = price; }

        public int getCount() { return count; }

        public void setCount(int count) { this.count = count; }
    }

    public static class Page<T> {
        private T first;

        public T getFirst() { return first; }

        public void setFirst(T first) { this.first = first; }
    }

    public String getId() { return id; }

    public void setId(String id) { this.id = id; }

    public Kind getKind() { return kind; }

    public void setKind(Kind kind) { this.kind = kind; }

    public List<Line> getLines() { return lines; }

    public void setLines(List<Line> lines) { this.lines = lines; }

    public Map<Kind, Set<Long>> getCodes() { return codes; }

    public void setCodes(Map<Kind, Set<Long>> codes) { this.codes = codes; }

    public BigDecimal getExact() { return exact; }

    public void setExact(BigDecimal exact) { this.exact = exact; }

    public Instant getAt() { return at; }

    public void setAt(Instant at) { this.at = at; }

    public Date getDue() { return due; }

    public void setDue(Date due) { this.due = due; }

    public UUID getKey() { return key; }

    public void setKey(UUID key) { this.key = key; }

    public boolean isPaid() { return paid; }

    public void setPaid(boolean paid) { this.paid = paid; }

    public byte[] getData() { return data; }

    public void setData(byte[] data) { this.data = data; }

    public Page<Line> getPage() { return page; }

    public void setPage(Page<Line> page) { this.page = page; }

    public String getAbsent() { return absent; }

    public void setAbsent(String absent) { this.absent = absent; }

    public int[] getNumbers() { return numbers; }

    public void setNumbers(int[] numbers) { this.numbers = numbers; }
}
