(() => {
  const body = document.body.dataset;
  const span = 2 * body.columns;
  const start = body.from / 1e3, step = body.width / 2e3;
  const charts = [...document.querySelectorAll('.plot')].filter(p => p.querySelector('svg') && +p.querySelector('svg').viewBox.baseVal.width === span);
  let view = [0, span];
  const two = n => String(n).padStart(2, '0');
  const clock = (x, fine) => {
    const ms = start + x * step, d = new Date(ms);
    return two(d.getUTCHours()) + ':' + two(d.getUTCMinutes()) + ':' + two(d.getUTCSeconds()) + (fine ? '.' + Math.floor(ms % 1000 / 100) : '');
  };
  const points = path => {
    if (path.pts) return path.pts;
    const pts = [];
    for (const part of path.getAttribute('d').split('M').slice(1)) {
      const n = part.match(/-?\d+(\.\d+)?/g).map(Number);
      let x = n[0], y = n[1];
      pts.push([x, y, 1]);
      for (let i = 2; i + 1 < n.length; i += 2) pts.push([x += n[i], y += n[i + 1], 0]);
    }
    return path.pts = pts;
  };
  const value = (p, y) => {
    const lo = +p.dataset.lo, hi = +p.dataset.hi, s = 1 - y / 10000;
    return +p.dataset.log ? lo * Math.pow(hi / lo, s) : lo + s * (hi - lo);
  };
  const show = (v, size) => {
    const d = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
    return v.toLocaleString('en-US', { minimumFractionDigits: d, maximumFractionDigits: d }).replace('-', '−');
  };
  const nice = x => { const p = 10 ** Math.floor(Math.log10(x)), m = x / p; return p * (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10); };
  const steps = [.1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 604800];
  function draw() {
    const [a, b] = view, whole = a === 0 && b === span;
    const seconds = (b - a) * step / 1e3, tick = steps.find(s => s >= seconds / 7) || 604800;
    let labels = '';
    for (let t = Math.ceil((start + a * step) / 1e3 / tick) * tick; ; t += tick) {
      const x = (t * 1e3 - start) / step;
      if (x > b - (b - a) * .03) break;
      labels += `<span style="left:${(x - a) / (b - a) * 100}%">${clock(x, tick < 1)}</span>`;
    }
    for (const p of charts) {
      p.querySelector('.xs').innerHTML = labels;
      if (!p.dataset.lo) { for (const svg of p.querySelectorAll('svg')) svg.setAttribute('viewBox', `${a} 0 ${b - a} 1`); continue; }
      const svg = p.querySelector('svg');
      let top = 0, bottom = 10000;
      if (!whole && !p.querySelector('.a.r0')) {
        top = Infinity; bottom = -Infinity;
        for (const path of svg.querySelectorAll('.l[data-n],.a')) {
          let before = null;
          for (const q of points(path)) {
            const inside = q[0] >= a && q[0] <= b;
            for (const r of inside ? (before && before[0] < a && !q[2] ? [before, q] : [q]) : (before && !q[2] && before[0] <= a && q[0] >= b ? [before, q] : [])) { top = Math.min(top, r[1]); bottom = Math.max(bottom, r[1]); }
            before = q;
          }
        }
        if (!(top < bottom)) { const m = isFinite(top) ? top : 5000; top = m - 100; bottom = m + 100; }
        const air = (bottom - top) * .05; top -= air; bottom += air;
      }
      svg.setAttribute('viewBox', `${a} ${top} ${b - a} ${bottom - top}`);
      p.shown = [top, bottom];
      let ys = '', grid = '';
      const vlo = value(p, bottom), vhi = value(p, top), n = Math.max(2, p.querySelector('.ys').clientHeight / 45);
      const gap = nice((vhi - vlo) / n), d = Math.max(0, Math.min(8, -Math.floor(Math.log10(gap) + 1e-9)));
      if (whole) { ys = p.ys0; grid = p.grid0; } else for (let v = Math.ceil(vlo / gap) * gap; v <= vhi; v += gap) {
        const lo = +p.dataset.lo, hi = +p.dataset.hi;
        const s = +p.dataset.log ? Math.log(v / lo) / Math.log(hi / lo) : (v - lo) / (hi - lo), y = (1 - s) * 10000;
        grid += `M0 ${y.toFixed(1)}h${span}`;
        ys += `<span style="top:${(y - top) / (bottom - top) * 100}%">${v.toLocaleString('en-US', { minimumFractionDigits: d, maximumFractionDigits: d }).replace('-', '−')}</span>`;
      }
      p.querySelector('.ys').innerHTML = ys;
      p.querySelector('.grid').setAttribute('d', grid);
    }
    const bar = document.getElementById('zoom');
    bar.hidden = whole;
    bar.querySelector('output').textContent = clock(a) + ' to ' + clock(b);
  }
  for (const p of charts) if (p.dataset.lo) { p.ys0 = p.querySelector('.ys').innerHTML; p.grid0 = p.querySelector('.grid').getAttribute('d'); }
  const place = (area, e) => { const r = area.getBoundingClientRect(); return Math.min(1, Math.max(0, (e.clientX - r.left) / r.width)); };
  const at = s => view[0] + s * (view[1] - view[0]);
  const areas = charts.flatMap(p => [...p.querySelectorAll('.area')]);
  function clear() { document.querySelectorAll('.cross,.read').forEach(n => n.remove()); }
  function hover(area, share) {
    clear();
    const x = at(share), p = area.parentNode;
    for (const o of areas) { const c = document.createElement('div'); c.className = 'cross'; c.style.left = share * 100 + '%'; o.append(c); }
    const r = document.createElement('div');
    r.className = 'read';
    let html = `<b>${clock(x, 1)}</b>`;
    for (const path of p.querySelectorAll('.l[data-n]')) {
      let y = null;
      for (const q of points(path)) { if (q[0] > x + 1) break; y = q[1]; }
      if (y !== null) { const v = value(p, y); html += ` · ${path.dataset.n} ${show(v, Math.abs(v))}`; }
    }
    let near = null, far = span / 150;
    for (const path of p.querySelectorAll('.d[data-t]')) {
      const texts = path.dataset.t.split('|');
      [...path.getAttribute('d').matchAll(/M([\d.]+)/g)].forEach((m, i) => {
        const d = Math.abs(m[1] - x) * span / (view[1] - view[0]);
        if (d < far) { far = d; near = texts[i]; }
      });
    }
    if (near) html += '<br>' + near;
    r.innerHTML = html;
    if (share > .5) { r.style.right = 'auto'; r.style.left = '70px'; }
    p.append(r);
  }
  let from = null, box = null;
  for (const area of areas) {
    area.addEventListener('pointermove', e => {
      const s = place(area, e);
      if (from === null) return hover(area, s);
      box.style.left = Math.min(from, s) * 100 + '%';
      box.style.width = Math.abs(s - from) * 100 + '%';
    });
    area.addEventListener('pointerleave', clear);
    area.addEventListener('pointerdown', e => {
      if (e.pointerType === 'touch') return hover(area, place(area, e));
      from = place(area, e);
      area.setPointerCapture(e.pointerId);
      box = document.createElement('div'); box.className = 'sel'; area.append(box);
      e.preventDefault();
    });
    area.addEventListener('pointerup', e => {
      if (from === null) return;
      const s = place(area, e), a = at(Math.min(from, s)), b = at(Math.max(from, s));
      box.remove(); from = null; clear();
      if (b - a >= 8) { view = [a, b]; draw(); }
    });
    area.addEventListener('pointercancel', () => { if (box) box.remove(); from = null; });
    area.addEventListener('dblclick', () => { view = [0, span]; draw(); });
  }
  document.querySelector('#zoom button').addEventListener('click', () => { view = [0, span]; draw(); });
  const only = document.getElementById('only');
  if (only) {
    only.hidden = false;
    only.addEventListener('change', () => {
      for (const s of document.querySelectorAll('section.coin')) s.classList.toggle('off', only.value !== '' && s.id !== only.value);
      for (const a of document.querySelectorAll('nav a')) { const s = document.getElementById(a.hash.slice(1)); a.classList.toggle('off', !!s && s.classList.contains('off')); }
    });
  }
  window.papermaker = { zoom: (a, b) => { view = [a * span, b * span]; draw(); } };
})();
