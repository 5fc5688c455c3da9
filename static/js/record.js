// The page of an invocation that has not ended looks again every 3 s, while somebody can see it and types nothing.
setInterval(() => {
  if (!document.hidden && !document.activeElement?.matches("input, select, textarea")) location.reload();
}, 3000);
