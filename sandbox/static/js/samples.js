// Photos for those who have none at hand: a leaking tap, a dripping pipe, a broken lamp, drawn here
// and sent as JPEG like any other photo.

const WIDE = 1280;
const HIGH = 960;

/** What the hints offer to try. `draw` are the names of the photos. */
export const REQUESTS = [
  { number: "250926-001", caption: "#250926-001 kitchen leak", draw: ["tap", "pipe"] },
  { number: "250926-002", caption: "#250926-002 lamp on the stairs", draw: ["lamp"] },
];

/** JPEG files of the named drawings. */
export const samplePhotos = (names) => Promise.all(names.map(photo));

async function photo(name) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDE;
  canvas.height = HIGH;
  const pen = canvas.getContext("2d");
  DRAWINGS[name](pen);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.88));
  return new File([blob], `${name}.jpg`, { type: "image/jpeg" });
}

const DRAWINGS = { tap, pipe, lamp };

function shade(pen, from, to, top = 0, bottom = HIGH) {
  const paint = pen.createLinearGradient(0, top, 0, bottom);
  paint.addColorStop(0, from);
  paint.addColorStop(1, to);
  pen.fillStyle = paint;
  pen.fillRect(0, top, WIDE, bottom - top);
}

/** A metal tube along a path: ever thinner, ever lighter strokes make it round. */
function tube(pen, width, trace, dark = [92, 104, 118], light = [240, 244, 248]) {
  pen.lineCap = "round";
  pen.lineJoin = "round";
  for (let step = 0; step < 16; step += 1) {
    const part = step / 15;
    const mix = dark.map((from, at) => Math.round(from + (light[at] - from) * part ** 1.3));
    pen.save();
    pen.translate(-width * 0.14 * part, -width * 0.1 * part);
    pen.strokeStyle = `rgb(${mix})`;
    pen.lineWidth = Math.max(1, width * (1 - part * 0.92));
    pen.beginPath();
    trace(pen);
    pen.stroke();
    pen.restore();
  }
}

const line = (x1, y1, x2, y2) => (pen) => {
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
};

function ellipse(pen, x, y, rx, ry, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.ellipse(x, y, rx, ry, 0, 0, 7);
  pen.fill();
}

function drop(pen, x, y, size) {
  pen.fillStyle = "rgb(74 152 226 / 92%)";
  pen.beginPath();
  pen.moveTo(x, y - size * 1.7);
  pen.bezierCurveTo(x + size * 0.5, y - size * 0.7, x + size, y - size * 0.3, x + size * 0.8, y + size * 0.3);
  pen.arc(x, y + size * 0.2, size * 0.82, 0, Math.PI);
  pen.bezierCurveTo(x - size, y - size * 0.3, x - size * 0.5, y - size * 0.7, x, y - size * 1.7);
  pen.fill();
  ellipse(pen, x - size * 0.28, y + size * 0.15, size * 0.16, size * 0.32, "rgb(255 255 255 / 80%)");
}

function ripples(pen, x, y) {
  pen.lineWidth = 4;
  for (const [radius, strength] of [
    [72, 70],
    [115, 45],
    [165, 25],
  ]) {
    pen.strokeStyle = `rgb(255 255 255 / ${strength}%)`;
    pen.beginPath();
    pen.ellipse(x, y, radius, radius * 0.32, 0, 0, 7);
    pen.stroke();
  }
}

function tap(pen) {
  shade(pen, "#d9e5ea", "#b7c9d2");
  for (let y = 0; y < 660; y += 132) {
    for (let x = 0; x < WIDE; x += 128) {
      pen.fillStyle = `hsl(198 ${24 + ((x + y) % 5) * 3}% ${84 + ((x * 3 + y) % 7)}%)`;
      pen.beginPath();
      pen.roundRect(x + 3, y + 3, 122, 126, 6);
      pen.fill();
    }
  }
  shade(pen, "#f3f6f8", "#b9c5cd", 660, HIGH);
  ellipse(pen, 670, 930, 410, 215, "#98a7b2");
  ellipse(pen, 670, 950, 392, 205, "#ced8de");
  ellipse(pen, 690, 880, 150, 46, "rgb(120 170 210 / 75%)");
  tube(pen, 90, (path) => {
    path.moveTo(340, 660);
    path.lineTo(340, 350);
    path.arc(515, 350, 175, Math.PI, 0);
    path.lineTo(690, 420);
  });
  tube(pen, 122, line(340, 690, 340, 620));
  tube(pen, 48, line(335, 510, 205, 450));
  tube(pen, 104, line(690, 405, 690, 440), [66, 76, 88]);
  ellipse(pen, 690, 462, 50, 15, "#3c4650");
  drop(pen, 690, 530, 17);
  drop(pen, 690, 630, 22);
  drop(pen, 690, 760, 26);
  ripples(pen, 690, 880);
}

function pipe(pen) {
  shade(pen, "#785c44", "#46342a");
  pen.strokeStyle = "rgb(40 28 20 / 55%)";
  pen.lineWidth = 4;
  for (let x = 0; x < WIDE; x += 160) {
    pen.beginPath();
    line(x, 0, x, HIGH)(pen);
    pen.stroke();
  }
  shade(pen, "#96785c", "#5f4836", HIGH - 170, HIGH);
  const steel = [
    [140, 146, 150],
    [252, 253, 254],
  ];
  tube(pen, 104, line(640, -60, 640, 300), ...steel);
  const bend = (path) => {
    path.moveTo(640, 300);
    path.lineTo(640, 470);
    path.arc(512, 470, 128, 0, Math.PI);
    path.lineTo(384, 420);
    path.arc(256, 420, 128, 0, -Math.PI / 2, true);
    path.lineTo(-60, 292);
  };
  tube(pen, 96, bend, ...steel);
  for (const y of [285, 470]) tube(pen, 66, line(585, y, 695, y), [112, 118, 124]);
  tube(pen, 44, line(985, -60, 985, 400), [150, 54, 46], [246, 150, 136]);
  tube(pen, 44, line(1085, -60, 1085, 450), [46, 76, 146], [150, 184, 240]);
  for (const [y, size] of [
    [545, 15],
    [615, 19],
    [700, 22],
  ])
    drop(pen, 712, y, size);
  pen.fillStyle = "#3f86c0";
  pen.beginPath();
  pen.moveTo(552, 770);
  pen.lineTo(872, 770);
  pen.lineTo(832, 945);
  pen.lineTo(592, 945);
  pen.fill();
  ellipse(pen, 712, 770, 160, 30, "#2b628f");
  ellipse(pen, 712, 774, 142, 22, "#97cdf0");
}

function lamp(pen) {
  shade(pen, "#262c46", "#151728");
  for (let step = 0; step < 7; step += 1) {
    pen.fillStyle = `rgb(${54 + step * 7} ${58 + step * 7} ${86 + step * 6})`;
    pen.fillRect(110 + step * 84, 430 + step * 78, WIDE, 80);
    pen.fillStyle = "rgb(200 204 230 / 45%)";
    pen.fillRect(110 + step * 84, 430 + step * 78, WIDE, 4);
  }
  const glow = pen.createRadialGradient(560, 290, 20, 560, 290, 470);
  glow.addColorStop(0, "rgb(255 220 140 / 92%)");
  glow.addColorStop(0.45, "rgb(255 205 120 / 35%)");
  glow.addColorStop(1, "rgb(255 205 120 / 0%)");
  pen.fillStyle = glow;
  pen.fillRect(0, 0, WIDE, HIGH);
  pen.fillStyle = "#15161c";
  pen.fillRect(554, 0, 12, 170);
  pen.fillStyle = "#2a2c36";
  pen.beginPath();
  pen.moveTo(440, 272);
  pen.lineTo(512, 160);
  pen.lineTo(608, 160);
  pen.lineTo(680, 272);
  pen.fill();
  ellipse(pen, 560, 300, 60, 58, "#fff0c2");
  pen.strokeStyle = "#553c22";
  pen.lineWidth = 6;
  pen.beginPath();
  line(562, 262, 542, 296)(pen);
  pen.lineTo(578, 304);
  pen.lineTo(552, 344);
  pen.stroke();
}
