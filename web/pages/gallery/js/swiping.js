// A finger (or a mouse) drawn across: sideways steps, downwards closes. What the browser takes for itself, a zoom with
// two fingers for instance, is left to it.

const FAR = 48;

/** `does`: {left, right, down}. */
export function swipes(node, does) {
  let start = null;
  node.addEventListener("pointerdown", (event) => {
    start = event.isPrimary && !event.target.closest("video") ? event : null;
  });
  node.addEventListener("pointercancel", () => {
    start = null;
  });
  node.addEventListener("pointerup", (event) => {
    if (!start || event.pointerId !== start.pointerId || visualViewport.scale > 1.05) return;
    const [x, y] = [event.clientX - start.clientX, event.clientY - start.clientY];
    start = null;
    if (Math.abs(x) > FAR && Math.abs(x) > 1.5 * Math.abs(y)) (x < 0 ? does.left : does.right)();
    else if (y > 2 * FAR && y > 2 * Math.abs(x)) does.down();
  });
}
