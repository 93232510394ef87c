import { html as markup } from 'hono/html';
import type { Cloud } from './cloud.ts';
import { htmlPage } from './html-page.ts';
import { patientById } from './operations/patients.ts';

/** What a case's MyiTero link opens. The real site asks for a login; this stand-in shows the case to whoever runs the simulator. */
export function myIteroPage(cloud: Cloud, orderId: number): Promise<Response> {
  const order = cloud.state.orders.get(orderId);
  if (order === undefined) {
    return htmlPage({
      status: 404,
      title: 'MyiTero · Align cloud simulator',
      body: markup`<main class="sheet">
        <h1>No such case</h1>
        <p>This simulator does not know the order ${orderId}.</p>
      </main>`,
    });
  }
  const patient = patientById(cloud, order.patientId);
  const account = cloud.state.accounts.get(order.companyId);
  return htmlPage({
    title: `Case ${order.orderId} · MyiTero (simulated)`,
    body: markup`<main class="sheet">
      <p class="mark"><span aria-hidden="true" class="mark-dot"></span>MyiTero <em>simulated</em></p>
      <h1>${patient.firstName} ${patient.lastName}</h1>
      <dl class="facts">
        <dt>Order</dt>
        <dd>${order.orderId} (${order.orderCode})</dd>
        <dt>Clinic</dt>
        <dd>${account?.companyName ?? order.companyId}</dd>
        <dt>Chart number</dt>
        <dd>${patient.chartNumber === '' ? '—' : patient.chartNumber}</dd>
        <dt>Status</dt>
        <dd>${order.status}</dd>
        <dt>Files</dt>
        <dd>${[...order.assets.keys()].join(', ') || 'none yet'}</dd>
      </dl>
    </main>`,
  });
}
